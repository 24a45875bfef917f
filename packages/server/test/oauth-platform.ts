/** The whole server beside a real authorization server, for tests that walk through OAuth 2.0 over HTTP or in a browser. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createWorkspace } from '../src/account/create-workspace.ts'
import { ensureDefaultWorkspace } from '../src/account/default-workspace.ts'
import { findOwner, type Workspace } from '../src/account/store.ts'
import { startApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import type { Context } from '../src/context.ts'
import { installApp } from '../src/install/install-app.ts'
import { findInstall, type StoredInstall } from '../src/install/store.ts'
import { silentLog } from '../src/log.ts'
import { pruneAuthorizations } from '../src/oauth/prune.ts'
import { makeTicket } from '../src/oauth/ticket.ts'
import { registerDefinition } from '../src/registry/register.ts'
import { type ApiClient, signIn } from './api-client.ts'
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts'
import { testDataDirectory } from './data-directory.ts'
import { STOREFRONT_ORIGIN, storefrontDefinition } from './storefront-app.ts'

export interface Tenant {
  workspace: Workspace
  /** Its owner. */
  accountId: string
}

export interface OauthPlatform {
  context: Context
  /** Public address of the API. */
  url: string
  /** Signed in as the owner of the default workspace. */
  owner: ApiClient
  provider: AuthorizationServer
  tenant: Tenant
  /** Lets the server's clock run ahead, in milliseconds. */
  advance(ms: number): void
  /** A workspace of its own, with the app installed. */
  newTenant(): Promise<Tenant>
  /** An address that starts an authorization. */
  ticket(request?: TicketOptions): Promise<string>
  install(tenant?: Tenant, ns?: string): Promise<StoredInstall | undefined>
  /** Deletes what expired more than a day ago. */
  prune(): Promise<number>
  /** Codes that were exchanged so far, or tried to be. */
  exchanges(): number
  close(): Promise<void>
}

export interface TicketOptions {
  tenant?: Tenant
  ns?: string
  openerOrigin?: string
  credentials?: unknown
}

/** A second app of the same provider, which has a form before its popup. */
const FORM_APP = {
  ns: 'storefront-form',
  auth: {
    form: {
      hint: { type: 'text', label: 'Account', required: true, pattern: '[a-z]+' },
      pin: { type: 'password', label: 'PIN' },
    },
    auth_url: `${STOREFRONT_ORIGIN}/auth?client_id={{client_id}}&response_type=code&scope=openid&login_hint={{hint}}`,
  },
}

export async function startOauthPlatform(): Promise<OauthPlatform> {
  const provider = await startAuthorizationServer({ accessTokenSeconds: 600 })
  const dataDir = await testDataDirectory()
  const settings = {
    PORT: '0',
    DATA_DIR: dataDir,
    MASTER_KEY: randomBytes(32).toString('base64'),
    PROVIDER_ORIGINS: `${STOREFRONT_ORIGIN}=${provider.origin}`,
  }
  const app = await startApp(readConfig(settings, { terminal: false, workingDirectory: dataDir }), silentLog)
  const { context } = app
  let ahead = 0
  context.now = () => Date.now() + ahead
  const apps = [{ ns: 'storefront' }, FORM_APP]
  for (const definition of apps) {
    await registerDefinition(context, storefrontDefinition(provider, definition))
    provider.allowRedirect(`${context.config.saasApiUrl}/miniapps/${definition.ns}/oauth2`)
  }

  const moveIn = async (workspace: Workspace): Promise<Tenant> => {
    for (const { ns } of apps) await installApp(context, { workspaceId: workspace.id, ns })
    const accountId = await findOwner(context.db.sql, workspace.id)
    if (accountId === undefined) throw new Error('The workspace has no owner.')
    return { workspace, accountId }
  }
  const tenant = await moveIn(await ensureDefaultWorkspace(context))
  const owner = await signIn(context.config.saasApiUrl, app.ownerLink)
  let tenants = 0

  return {
    context,
    url: context.config.saasApiUrl,
    owner,
    provider,
    tenant,
    advance(ms) {
      ahead += ms
    },
    async newTenant() {
      const subdomain = `tenant-${++tenants}`
      return moveIn(await createWorkspace(context, { subdomain, name: subdomain }))
    },
    async ticket({ tenant: of = tenant, ns = 'storefront', openerOrigin, credentials } = {}) {
      const { workspace, accountId } = of
      const { url } = await makeTicket(context, {
        workspaceId: workspace.id,
        subdomain: workspace.subdomain,
        accountId,
        ns,
        openerOrigin,
        credentials,
      })
      return url
    },
    install: (of = tenant, ns = 'storefront') =>
      findInstall(context.db.sql, { workspaceId: of.workspace.id, ns }),
    prune: () => pruneAuthorizations(context),
    exchanges: () => provider.requests.filter(({ grantType }) => grantType === 'authorization_code').length,
    async close() {
      await app.close()
      await provider.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
