/** The platform with its real routes and two workspaces that know nothing of each other. */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { createWorkspace } from '../../packages/server/src/account/create-workspace.ts'
import { ensureDefaultWorkspace } from '../../packages/server/src/account/default-workspace.ts'
import { makeOwnerLink, useLoginLink } from '../../packages/server/src/account/login-link.ts'
import type { Workspace } from '../../packages/server/src/account/store.ts'
import { openContext } from '../../packages/server/src/app/open-context.ts'
import { createServer } from '../../packages/server/src/app.ts'
import { readConfig } from '../../packages/server/src/config.ts'
import type { Context } from '../../packages/server/src/context.ts'
import { ensurePartitions } from '../../packages/server/src/db/partition.ts'
import { WORKSPACE_TABLES } from '../../packages/server/src/db/schema.ts'
import { uuidTime, uuidv7 } from '../../packages/server/src/db/uuid.ts'
import { silentLog } from '../../packages/server/src/log.ts'
import { makeOneTimeText } from '../../packages/server/src/oauth/one-time-text.ts'
import { addNotification } from '../../packages/server/src/outbox/notification.ts'
import { applyCustomer } from '../../packages/server/src/record/apply-customer.ts'
import { applyRecord } from '../../packages/server/src/record/apply-record.ts'
import { registerDefinition } from '../../packages/server/src/registry/register.ts'
import { listTags } from '../../packages/server/src/tag/store.ts'
import { insertEvents } from '../../packages/server/src/webhook/store.ts'
import { allWorkspaces } from '../../packages/server/test/all-workspaces.ts'
import { fillDataDirectory } from '../../packages/server/test/data-directory.ts'
import { breached } from './breach.ts'
import type { Kit } from './operations.ts'
import { APPS, definitionOf, ORIGIN, startAccounts } from './provider.ts'

const METRICS_TOKEN = 'known-to-the-operator'

export interface Asked {
  method: 'GET' | 'POST'
  url: string
  headers?: Record<string, string>
  body?: string
}

export interface Answer {
  status: number
  text: string
}

export type Platform = Awaited<ReturnType<typeof openPlatform>>

/** @param options.breach table whose statements forget their workspace, to show that the campaign would notice */
export async function openPlatform(options: {
  databaseUrl?: string | undefined
  breach?: string | undefined
}) {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-isolation-'))
  const accounts = await startAccounts()
  const settings = {
    DATA_DIR: directory,
    METRICS_TOKEN,
    SAAS_API_URL: 'http://localhost/w/{subdomain}',
    OAUTH_BASE_URL: 'http://localhost',
    PROVIDER_ORIGINS: `${ORIGIN}=${accounts.origin}`,
    MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    ...(options.databaseUrl && { DATABASE_URL: options.databaseUrl }),
  }
  if (!options.databaseUrl) await fillDataDirectory(directory)
  const opened = await openContext(
    readConfig(settings, { terminal: false, workingDirectory: directory }),
    silentLog,
  )
  const { context } = opened
  await ensurePartitions(context.db, { now: context.now(), log: silentLog })
  await ensureDefaultWorkspace(context)
  for (const ns of APPS) await registerDefinition(context, definitionOf(ns))
  const whole = context.db
  if (options.breach !== undefined) context.db = breached(whole, options.breach)
  const routes: string[] = []
  const server = createServer(context, {
    metrics: opened.metrics,
    watch: ({ method, url }) => {
      for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${url}`)
    },
  })
  await server.ready()
  const ask = async ({ method, url, headers, body }: Asked): Promise<Answer> => {
    const answer = await server.inject({
      method,
      url,
      ...(headers && { headers }),
      ...(body && { payload: body }),
    })
    return { status: answer.statusCode, text: `${String(answer.headers['location'] ?? '')}${answer.body}` }
  }
  return {
    context,
    metricsToken: METRICS_TOKEN,
    routes,
    ask,
    /** Of each table: the rows of a workspace, hashed. */
    digest: (workspaceId: string) => digestOf({ ...context, db: whole }, workspaceId),
    async close() {
      await server.close()
      await opened.close()
      await accounts.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function digestOf({ db }: Context, workspaceId: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {}
  for (const table of Object.keys(WORKSPACE_TABLES)) {
    const { rows } = await sql<{ row: string }>`
      select to_jsonb(t)::text as row from ${sql.table(table)} t where workspace_id = ${workspaceId}::uuid order by 1
    `.execute(allWorkspaces(db.sql))
    const hash = createHash('sha256').update(rows.map(({ row }) => row).join('\n'))
    digests[table] = `${rows.length} ${hash.digest('hex')}`
  }
  return digests
}

const ADD_WEBHOOK =
  'mutation ($url: String!) { webhooksAdd(url: $url, actions: [{ type: "core:customer", action: "create" }]) { _id } }'

/** A workspace with one of everything, and a token of its owner. */
export async function furnish(platform: Platform, subdomain: string, ns: readonly string[]): Promise<Kit> {
  const { context, ask } = platform
  const workspace = await createWorkspace(context, { subdomain, name: `Workspace ${subdomain}` })
  const signIn = async () => linkOf(await makeOwnerLink(context, workspace.id))
  const { accessToken: token, tokenId } = await useLoginLink(context, { workspace, link: await signIn() })
  const call = (query: string, variables = {}) => callAs({ ask, subdomain, token }, query, variables)
  for (const app of ns) {
    await call('mutation ($ns: String!) { installMiniApp(ns: $ns) }', { ns: app })
    const variables = { ns: app, c: { owner: `${subdomain}-${app}` } }
    await call(
      'mutation ($ns: String!, $c: JSON!) { saveMiniAppCredentials(ns: $ns, credentials: $c) }',
      variables,
    )
    await call('mutation ($ns: String!) { executeMiniAppAction(appNs: $ns, actionName: "look") }', {
      ns: app,
    })
    await call('query ($ns: String!) { miniAppsActionSources(miniAppNs: $ns, sourceKey: "rpc_items") }', {
      ns: app,
    })
  }
  const made = await call(
    'mutation ($n: String!) { appsAdd(name: $n, permissions: ["showTags"], noExpire: true) { _id } }',
    { n: `Token of ${subdomain}` },
  )
  const read = await call('{ miniAppActionRuns(first: 1) { data { _id } } currentUser { _id } }')
  await context.db.transaction((trx) =>
    addNotification(context, trx, {
      workspaceId: workspace.id,
      kind: 'install.expired',
      ns: String(ns[0]),
      title: `Notice of ${subdomain}`,
      message: `Only ${subdomain} may read this.`,
    }),
  )
  const webhookId = (await call(ADD_WEBHOOK, { url: `https://hooks.example/account-${subdomain}` }))[
    'webhooksAdd'
  ]._id
  const log = await call('query ($id: String!) { webhookDeliveryLogs(webhookId: $id) { data { _id } } }', {
    id: webhookId,
  })
  const notices = await call('{ notifications { data { _id } } }')
  return {
    ns: String(ns.at(-1)),
    workspaceId: workspace.id,
    accountId: read['currentUser']._id,
    tokenId: made['appsAdd']._id ?? tokenId,
    runId: read['miniAppActionRuns'].data[0]._id,
    notificationId: notices['notifications'].data[0]._id,
    ...(await addRecords(context, workspace)),
    webhookEventId: await addWebhookEvent(context, workspace),
    webhookId,
    deliveryId: log['webhookDeliveryLogs'].data[0]._id,
    at: new Date(context.now()).toISOString(),
    link: await signIn(),
    ...oneTimeTexts(workspace),
    token,
  }
}

/** An order, its customer with a tag, who both have the canary of the workspace in the name, and a product. */
async function addRecords(context: Context, { id: workspaceId, subdomain }: Workspace) {
  const of = { workspaceId, ns: 'shared', source: { ns: 'shared' } }
  return context.db.transaction(async (trx) => {
    const name = `account-${subdomain}`
    const customer = { code: '7', firstName: name, primaryEmail: 'a@example.com', tags: [name] }
    const { customerId } = await applyCustomer(context, trx, { ...of, customer })
    const fields = { orderNumber: '1001', customerCode: '7' }
    const order = { contentType: 'ecommerce:orders', operation: 'create', code: 'o-1', fields } as const
    const { recordId } = await applyRecord(context, trx, { ...of, record: order })
    const product = {
      contentType: 'core:product',
      operation: 'create',
      code: 'p-1',
      fields: { name },
    } as const
    const { recordId: productId } = await applyRecord(context, trx, { ...of, record: product })
    const [tag] = await listTags(trx, { workspaceId })
    return {
      customerId: String(customerId),
      orderId: String(recordId),
      productId: String(productId),
      tagId: String(tag?.id),
    }
  })
}

/** A delivery with the canary of the workspace in its body. */
async function addWebhookEvent(context: Context, { id: workspaceId, subdomain }: Workspace): Promise<string> {
  const id = uuidv7(context.now())
  await insertEvents(context.db, [
    {
      workspaceId,
      id,
      createdAt: new Date(uuidTime(id)),
      ns: 'shared',
      event: 'order.created',
      transactionId: 'delivery-1',
      windowMs: 60_000,
      orderingKey: undefined,
      headers: {},
      body: new TextEncoder().encode(JSON.stringify({ name: `account-${subdomain}` })),
      note: undefined,
      again: 0,
    },
  ])
  return id
}

/** Of a UUID v7, which hold its time. */
const TIME_CHARACTERS = 13

/** What nobody has, in the same forms; ids of the same moment, so that a cursor stands at the same place. */
export function nobodyLike(kit: Kit): Kit {
  const like = (id: string) => id.slice(0, TIME_CHARACTERS) + uuidv7().slice(TIME_CHARACTERS)
  const workspace = { id: like(kit.workspaceId) }
  const [header, , signature] = kit.token.split('.')
  const claims = Buffer.from(JSON.stringify({ wid: workspace.id, jti: like(kit.tokenId) })).toString(
    'base64url',
  )
  return {
    ...kit,
    ns: 'boreal',
    workspaceId: workspace.id,
    accountId: like(kit.accountId),
    tokenId: like(kit.tokenId),
    runId: like(kit.runId),
    notificationId: like(kit.notificationId),
    customerId: like(kit.customerId),
    orderId: like(kit.orderId),
    productId: like(kit.productId),
    tagId: like(kit.tagId),
    webhookEventId: like(kit.webhookEventId),
    webhookId: like(kit.webhookId),
    deliveryId: like(kit.deliveryId),
    link: kit.link.replace(/^[^.]+\.(.)/, (_all, first: string) => `nobody.${first === 'A' ? 'B' : 'A'}`),
    ...oneTimeTexts(workspace),
    token: `${header}.${claims}.${signature}`,
  }
}

/** Somebody else cannot know the random part: only the workspace in it is right. */
function oneTimeTexts({ id }: Pick<Workspace, 'id'>): { ticket: string; state: string } {
  return { ticket: makeOneTimeText(id).text, state: makeOneTimeText(id).text }
}

const linkOf = (url: string) => url.slice(url.lastIndexOf('/') + 1)

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape
type Data = Record<string, any>

async function callAs(
  { ask, subdomain, token }: { ask: Platform['ask']; subdomain: string; token: string },
  query: string,
  variables: Record<string, unknown>,
): Promise<Data> {
  const headers = { 'content-type': 'application/json', 'x-app-token': token }
  const body = JSON.stringify({ query, variables })
  const { text } = await ask({ method: 'POST', url: `/w/${subdomain}/graphql`, headers, body })
  const answer = JSON.parse(text) as { data?: Data; errors?: unknown[] }
  if (answer.data === undefined || answer.errors) throw new Error(`${query}: ${text}`)
  return answer.data
}
