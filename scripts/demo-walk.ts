/**
 * The walk of `npm run demo`, also run by the tests: a fresh platform, providers that this project did not write, and a
 * newcomer's first quarter of an hour over the public API, each step checked.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type App, startApp } from '../packages/server/src/app.ts'
import { readConfig } from '../packages/server/src/config.ts'
import { silentLog } from '../packages/server/src/log.ts'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../packages/server/test/authorization-server.ts'
import { freePort } from '../packages/server/test/free-port.ts'
import { type Providers, startProviders } from '../packages/server/test/providers.ts'
import { lookAround, lookAtRuns, signIn } from './demo/first-steps.ts'
import {
  connectGithub,
  createAndReadIssue,
  disconnectGithub,
  loadRepositories,
  meetProviderError,
  runWithoutConnection,
  sendWrongInput,
} from './demo/github.ts'
import { ACCESS_TOKEN_SECONDS, connectIdentity, loseTheGrant, outliveItsToken } from './demo/identity.ts'
import { connectLinear, createLinearIssue, disconnectLinear, giveLinearItsClient } from './demo/linear.ts'
import { connectSlack, sendDirectMessage } from './demo/slack.ts'
import { Stage } from './demo/stage.ts'
import { hearFromGithub, hearFromLinear } from './demo/webhooks.ts'

const catalogDir = resolve(import.meta.dirname, '../catalog')

export interface DemoOptions {
  print: (line: string) => void
  /** Settings besides those of the walk, such as `DATABASE_URL`; without it a fresh embedded database is used. */
  env?: Record<string, string>
}

const SCENES: ((stage: Stage) => Promise<void>)[] = [
  signIn,
  lookAround,
  runWithoutConnection,
  connectGithub,
  loadRepositories,
  createAndReadIssue,
  hearFromGithub,
  connectSlack,
  sendDirectMessage,
  sendWrongInput,
  meetProviderError,
  giveLinearItsClient,
  connectLinear,
  createLinearIssue,
  hearFromLinear,
  connectIdentity,
  outliveItsToken,
  loseTheGrant,
  disconnectGithub,
  disconnectLinear,
  lookAtRuns,
]

/** Starts everything, walks, and ends everything again, whatever happened. @throws DemoError at the first surprise */
export async function runDemo(options: DemoOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-demo-'))
  let providers: Providers | undefined
  let identityProvider: AuthorizationServer | undefined
  let app: App | undefined
  try {
    // Authorization servers are told where they may send people back to before the platform starts.
    const port = await freePort()
    const redirectUri = (ns: string) => `http://localhost:${port}/miniapps/${ns}/oauth2`
    providers = await startProviders({ linearRedirectUris: [redirectUri('linear')] })
    identityProvider = await startAuthorizationServer({
      accessTokenSeconds: ACCESS_TOKEN_SECONDS,
      redirectUris: [redirectUri('identity')],
    })
    const env = {
      PORT: String(port),
      DATA_DIR: directory,
      PROVIDER_ORIGINS: `${providers.providerOrigins},https://identity.example=${identityProvider.origin}`,
      ...options.env,
    }
    const config = readConfig(env, { terminal: false, workingDirectory: directory })
    app = await startApp(config, silentLog, { catalogDir })
    const stage = new Stage({ print: options.print, app, providers, identityProvider })
    for (const scene of SCENES) await scene(stage)
  } finally {
    await app?.close()
    await identityProvider?.close()
    await providers?.close()
    await rm(directory, { recursive: true, force: true })
  }
}
