/** What every scene of the demo has at hand: the platform through its public API, the providers, and a voice. */
import type { App } from '../../packages/server/src/app.ts'
import type { AuthorizationServer } from '../../packages/server/test/authorization-server.ts'
import type { Providers } from '../../packages/server/test/providers.ts'

export type Json = Record<string, unknown>

/** What an action answers. */
export interface Outcome {
  success: boolean
  data: Json | null
  error: { code: string; message: string; retryable: boolean; details: Json } | null
}

/** What the list of apps says about a connection. */
export interface ConnectionState {
  state: string | null
  errorCode: string | null
  accountName: string | null
  lastConnectError: { code: string; message: string } | null
}

/** A step whose outcome is not what it should be. */
export class DemoError extends Error {
  constructor(expectation: string, got: unknown) {
    super(`Expected ${expectation}; got ${JSON.stringify(got)}`)
    this.name = 'DemoError'
  }
}

export function check(condition: boolean, expectation: string, got: unknown): asserts condition {
  if (!condition) throw new DemoError(expectation, got)
}

export interface StageParts {
  print: (line: string) => void
  app: App
  providers: Providers
  identityProvider: AuthorizationServer
}

export class Stage {
  readonly print: (line: string) => void
  readonly app: App
  readonly providers: Providers
  readonly identityProvider: AuthorizationServer
  /** Of the owner; empty before they signed in. */
  token = ''
  /** Actions that were run so far; each leaves a record. */
  executions = 0

  constructor({ print, app, providers, identityProvider }: StageParts) {
    this.print = print
    this.app = app
    this.providers = providers
    this.identityProvider = identityProvider
  }

  say(title: string, lines: (string | Json | unknown[])[] = []): void {
    this.print(`\n● ${title}`)
    for (const line of lines) this.print(`    ${typeof line === 'string' ? line : JSON.stringify(line)}`)
  }

  /** @throws Error with the code and message of the first error in the answer */
  async graphql<T>(query: string, variables: Json = {}): Promise<T> {
    const response = await fetch(`${this.app.listeningOn}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-app-token': this.token },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as {
      data?: T
      errors?: { message: string; extensions: Json }[]
    }
    if (errors?.[0]) throw new Error(`${String(errors[0].extensions.code)}: ${errors[0].message}`)
    return data as T
  }

  async install(ns: string): Promise<void> {
    await this.graphql('mutation ($ns: String!) { installMiniApp(ns: $ns) }', { ns })
  }

  /** Connects through a credential form. */
  async connect(ns: string, credentials: Json): Promise<Json> {
    const data = await this.graphql<{ saveMiniAppCredentials: Json }>(
      'mutation ($ns: String!, $credentials: JSON!) { saveMiniAppCredentials(ns: $ns, credentials: $credentials) }',
      { ns, credentials },
    )
    return data.saveMiniAppCredentials
  }

  async disconnect(ns: string): Promise<void> {
    await this.graphql('mutation ($ns: String!) { disconnectMiniApp(ns: $ns) }', { ns })
  }

  async execute(appNs: string, actionName: string, formInput: Json = {}): Promise<Outcome> {
    this.executions += 1
    const data = await this.graphql<{ executeMiniAppAction: Outcome }>(
      'mutation ($appNs: String!, $actionName: String!, $formInput: JSON) { executeMiniAppAction(appNs: $appNs, actionName: $actionName, formInput: $formInput) }',
      { appNs, actionName, formInput },
    )
    return data.executeMiniAppAction
  }

  async loadOptions(miniAppNs: string, sourceKey: string): Promise<{ value: string; label: string }[]> {
    const data = await this.graphql<{ miniAppsActionSources: { value: string; label: string }[] }>(
      'query ($miniAppNs: String!, $sourceKey: String!) { miniAppsActionSources(miniAppNs: $miniAppNs, sourceKey: $sourceKey) }',
      { miniAppNs, sourceKey },
    )
    return data.miniAppsActionSources
  }

  async connectionOf(ns: string): Promise<ConnectionState> {
    const data = await this.graphql<{ listMiniAppsGeneralInfo: { ns: string; auth: ConnectionState }[] }>(
      '{ listMiniAppsGeneralInfo { ns auth { state errorCode accountName lastConnectError } } }',
    )
    const app = data.listMiniAppsGeneralInfo.find((candidate) => candidate.ns === ns)
    check(app !== undefined, `${ns} among the apps`, data)
    return app.auth
  }
}

export function explain({ error }: Outcome): string {
  return `${error?.code}: ${error?.message}`
}

export function pick(from: Json | null, names: string[]): Json {
  return Object.fromEntries(names.map((name) => [name, from?.[name]]))
}
