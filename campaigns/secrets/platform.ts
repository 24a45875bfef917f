/** The server as a process of its own, of which everything that it answers and writes is kept. */
import { sql } from 'kysely'
import { openDatabase } from '../../packages/server/src/db/client.ts'
import { silentLog } from '../../packages/server/src/log.ts'
import { allWorkspaces } from '../../packages/server/test/all-workspaces.ts'
import { type ServerProcess, startServerProcess } from '../../packages/server/test/server-process.ts'
import type { Canary, Surface } from './canaries.ts'
import { FORM_APP, formDefinition, OAUTH_APP, oauthDefinition } from './definitions.ts'
import type { EchoProvider } from './echo-provider.ts'

/** An account may run 30 actions of an app a minute. */
const ACTIONS_PER_TOKEN = 25
const ANNOUNCEMENT = /^.*npm run miniapps -- login.*$/gm

export interface PlatformOptions {
  env: Record<string, string>
  cwd: string
  provider: EchoProvider
  /** What the operator and a person type: `apiKey`, `pin`, `client_secret`. */
  typed: Record<string, string>
}

interface Answer {
  data: Record<string, unknown>
  errors: unknown[] | undefined
}

export class WatchedPlatform {
  readonly #options: PlatformOptions
  readonly #texts = new Map<string, string[]>()
  #server: ServerProcess | undefined
  /** Paths on which the provider was not asked. */
  readonly unreached: string[] = []
  #starts = 0
  #owner = ''
  #token = ''
  #left = 0

  constructor(options: PlatformOptions) {
    this.#options = options
  }

  get url(): string {
    if (!this.#server) throw new Error('The server is not running.')
    return this.#server.url
  }

  get typed(): Record<string, string> {
    return this.#options.typed
  }

  get provider(): EchoProvider {
    return this.#options.provider
  }

  get surfaces(): Surface[] {
    return [...this.#texts].map(([name, texts]) => ({ name, text: texts.join('\n') }))
  }

  keep(surface: string, text: string): void {
    const texts = this.#texts.get(surface) ?? []
    this.#texts.set(surface, texts)
    texts.push(text)
  }

  /** Of a token and a state the last part alone is secret; the others name the workspace. */
  plant(name: string, value: string, allowed: readonly string[]): void {
    this.provider.canaries.push({ name, value: value.split('.').at(-1) ?? value, allowed } satisfies Canary)
  }

  async start(env: Record<string, string> = {}): Promise<void> {
    const { cwd } = this.#options
    this.#starts += 1
    try {
      this.#server = await startServerProcess({ env: { ...this.#options.env, ...env }, cwd })
    } catch (error) {
      this.keep(`refused start ${this.#starts}`, String(error))
      throw error
    }
    const link = this.#server.ownerLink
    if (link) await this.#signIn(link)
  }

  async #signIn(link: string): Promise<void> {
    const secret = link.split('/').at(-1) ?? ''
    this.plant('login link', secret, ['announcement', 'answer login page'])
    await this.visit('login page', link)
    const { text } = await this.visit('login', link, { method: 'POST' })
    const { accessToken } = JSON.parse(text) as { accessToken: string }
    this.plant('owner token', accessToken, ['answer login'])
    this.#owner = accessToken
    await this.visit('login again', link, { method: 'POST' })
    await this.visit('broken login', `${link}x`)
  }

  /** Ends the server and keeps what it wrote. */
  async stop(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    await server.stop()
    const output = server.output()
    this.keep('announcement', (output.match(ANNOUNCEMENT) ?? []).join('\n'))
    this.keep('log', output.replace(ANNOUNCEMENT, ''))
  }

  async furnish(): Promise<void> {
    const { client_secret } = this.typed
    for (const [ns, definition] of [
      [FORM_APP, formDefinition()],
      [OAUTH_APP, oauthDefinition()],
    ] as const) {
      const { errors } = await this.call(
        'register',
        'mutation ($d: JSON!) { registerMiniApp(definition: $d) }',
        { d: definition },
      )
      if (errors) throw new Error(`${ns} was refused: ${JSON.stringify(errors)}`)
      await this.call(
        'set config',
        'mutation ($ns: String!, $c: JSON!) { setMiniAppConfig(ns: $ns, config: $c) }',
        {
          ns,
          c: { client_secret },
        },
      )
      await this.call('install', 'mutation ($ns: String!) { installMiniApp(ns: $ns) }', { ns })
    }
  }

  /** One HTTP request; the answer with its headers is kept under `answer NAME`. */
  async visit(
    name: string,
    url: string,
    init: RequestInit = {},
  ): Promise<{ response: Response; text: string }> {
    const response = await fetch(url, { redirect: 'manual', ...init })
    const text = await response.text()
    const headers = [...response.headers].map(([header, value]) => `${header}: ${value}`)
    this.keep(`answer ${name}`, [response.status, ...headers, text].join('\n'))
    return { response, text }
  }

  /** One GraphQL request as the owner, or with `token`. */
  async call(
    name: string,
    query: string,
    variables: Record<string, unknown> = {},
    token: string = this.#owner,
  ): Promise<Answer> {
    const { text } = await this.visit(name, `${this.url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-app-token': token },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = JSON.parse(text) as Partial<Answer>
    return { data: data ?? {}, errors }
  }

  /** With a token that has not run too many actions yet. */
  async act(ns: string, actionName: string, formInput: Record<string, unknown> = {}): Promise<unknown> {
    if (this.#left === 0) {
      const { data } = await this.call(
        'appsAdd',
        'mutation { appsAdd(name: "campaign", allowAllPermission: true, noExpire: true) { accessToken } }',
      )
      this.#token = (data['appsAdd'] as { accessToken: string }).accessToken
      this.#left = ACTIONS_PER_TOKEN
      this.plant(`app token ${this.provider.canaries.length}`, this.#token, ['answer appsAdd'])
    }
    this.#left -= 1
    return this.call(
      'executeMiniAppAction',
      'mutation ($ns: String!, $a: String!, $i: JSON) { executeMiniAppAction(appNs: $ns, actionName: $a, formInput: $i) }',
      { ns, a: actionName, i: formInput },
      this.#token,
    )
  }

  /** Every row of every table as text, and what is in its bytes. Call it while the server is down. */
  async dump(): Promise<void> {
    await this.withDatabase(async (db) => {
      const { rows: tables } = await sql<{ name: string }>`
        select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
      `.execute(db)
      for (const { name } of tables) {
        const { rows } = await sql<{
          row: string
        }>`select to_jsonb(t)::text as row from ${sql.table(name)} t`.execute(db)
        const text = rows.map(({ row }) => row).join('\n')
        const bytes = [...text.matchAll(/\\\\x((?:[0-9a-f]{2})+)/g)].map(([, hex = '']) =>
          Buffer.from(hex, 'hex').toString('latin1'),
        )
        this.keep(`table ${name}`, [text, ...bytes].join('\n'))
      }
    })
  }

  async withDatabase(
    work: (db: Awaited<ReturnType<typeof openDatabase>>['sql']) => Promise<void>,
  ): Promise<void> {
    const { DATABASE_URL, DATA_DIR = '' } = this.#options.env
    const db = await openDatabase({ databaseUrl: DATABASE_URL, dataDir: DATA_DIR, log: silentLog })
    try {
      await work(allWorkspaces(db.sql))
    } finally {
      await db.close()
    }
  }
}
