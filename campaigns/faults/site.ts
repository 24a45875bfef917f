/** One real server process with an app, a connected account and tokens, and a provider that misbehaves on request. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ApiClient, signIn } from '../../packages/server/test/api-client.ts'
import { fillDataDirectory } from '../../packages/server/test/data-directory.ts'
import { type ServerProcess, startServerProcess } from '../../packages/server/test/server-process.ts'
import { type Answer, judge, type Reply } from './answer.ts'
import { definition, NS, ORIGIN, type Provider, startProvider } from './provider.ts'

const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')
/** A token may run 30 actions of an app a minute; calls take turns between so many. */
const TOKENS = 24
/** No answer after so long is none. */
const PATIENCE_MS = 90_000
/** Whoever has not recovered after this never does. */
const RECOVERY_LIMIT_MS = 120_000
const RUNS_PER_PAGE = 100
const EXECUTE = `mutation ($a: String!, $i: JSON) { executeMiniAppAction(appNs: "${NS}", actionName: $a, formInput: $i) }`

export interface SiteOptions {
  /** Where its embedded database goes; default: a directory of its own. */
  dataDir?: string
  databaseUrl?: string
  env?: Record<string, string>
  /** Time limit of the actions that never end. */
  stepTimeoutMs?: number
}

/** Starts everything; {@link Site.close} ends it. */
export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-faults-'))
  const provider = await startProvider()
  const env: Record<string, string> = {
    DATA_DIR: options.dataDir ?? join(directory, 'data'),
    PROVIDER_ORIGINS: `${ORIGIN}=${provider.origin}`,
    MASTER_KEY,
    ...(options.databaseUrl !== undefined && { DATABASE_URL: options.databaseUrl }),
    ...options.env,
  }
  if (options.databaseUrl === undefined && options.dataDir === undefined) {
    await fillDataDirectory(join(directory, 'data'))
  }
  const server = await startServerProcess({ env, cwd: directory })
  try {
    const owner = await signIn(server.url, server.ownerLink)
    const tokens = await prepare(owner, options.stepTimeoutMs ?? 2_000)
    return new Site({ server, provider, owner, tokens, directory })
  } catch (error) {
    await server.kill9()
    throw error
  }
}

/** The app, its connection, and tokens to call it with. */
async function prepare(owner: ApiClient, stepTimeoutMs: number): Promise<string[]> {
  await owner.call('mutation ($d: JSON!) { registerMiniApp(definition: $d) }', {
    d: definition(stepTimeoutMs),
  })
  await owner.call(`mutation { installMiniApp(ns: "${NS}") }`)
  await owner.call(
    `mutation { saveMiniAppCredentials(ns: "${NS}", credentials: { accessToken: "token-of-the-campaign" }) }`,
  )
  const tokens: string[] = []
  for (let index = 0; index < TOKENS; index++) {
    const { appsAdd } = await owner.call<{ appsAdd: { accessToken: string } }>(
      'mutation ($n: String!) { appsAdd(name: $n, allowAllPermission: true, noExpire: true) { accessToken } }',
      { n: `fault ${index}` },
    )
    tokens.push(appsAdd.accessToken)
  }
  return tokens
}

interface RunList {
  miniAppActionRuns: {
    data: { requestId: string }[]
    pagination: { endCursor: string | null; hasNextPage: boolean }
  }
}

interface Parts {
  server: ServerProcess
  provider: Provider
  owner: ApiClient
  tokens: string[]
  directory: string
}

export class Site {
  readonly #parts: Parts
  readonly #pid: number
  /** Request ids of executions that were answered with success. */
  readonly #acknowledged: string[] = []
  #count = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#pid = parts.server.child.pid ?? 0
  }

  get pid(): number {
    return this.#pid
  }

  get url(): string {
    return this.#parts.server.url
  }

  get provider(): Provider {
    return this.#parts.provider
  }

  get owner(): ApiClient {
    return this.#parts.owner
  }

  /** A token whose turn it is. */
  nextToken(): string {
    const token = this.#parts.tokens[this.#count++ % TOKENS]
    return token ?? ''
  }

  /** Runs an action once; never rejects. */
  async execute(action = 'echo', token = this.nextToken()): Promise<Answer> {
    const text = `text ${this.#count}`
    const reply = await this.ask(EXECUTE, { a: action, i: { text } }, token)
    const answer = judge(reply, (data) => data.executeMiniAppAction)
    if (answer.kind === 'done' && answer.requestId !== undefined) this.#acknowledged.push(answer.requestId)
    return answer
  }

  /** Asks the API once; never rejects. */
  async ask(query: string, variables: object = {}, token = this.nextToken()): Promise<Reply> {
    return this.fetch('/graphql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-app-token': token },
      body: JSON.stringify({ query, variables }),
    })
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Reply> {
    const startedAt = performance.now()
    const ms = () => Math.round(performance.now() - startedAt)
    try {
      const response = await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) })
      return { status: response.status, body: await response.text(), ms: ms() }
    } catch (error) {
      return { status: 0, body: String((error as Error).cause ?? error), ms: ms() }
    }
  }

  /** HTTP status of a health route, 0 where it did not answer. */
  async health(route: '/healthz' | '/readyz'): Promise<number> {
    return (await this.fetch(route)).status
  }

  /** Milliseconds until an action works again and `/readyz` says so. */
  async recovery(): Promise<number> {
    const startedAt = performance.now()
    while (performance.now() - startedAt < RECOVERY_LIMIT_MS) {
      if ((await this.execute()).kind === 'done' && (await this.health('/readyz')) === 200) {
        return Math.round(performance.now() - startedAt)
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return RECOVERY_LIMIT_MS
  }

  /** Still the process that was started. */
  isSameProcess(): boolean {
    const { child } = this.#parts.server
    return child.pid === this.#pid && child.exitCode === null && child.signalCode === null
  }

  /** Megabytes of memory in use by the server itself, without the processes of its sandbox. */
  async residentMb(): Promise<number> {
    const status = await readFile(`/proc/${this.#pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
  }

  /** Executions that were answered with success and have left no record. */
  async lost(): Promise<number> {
    const found = new Set<string>()
    let after: string | null = null
    do {
      const answer: RunList = await this.owner.call<RunList>(
        'query ($n: Int, $a: String) { miniAppActionRuns(first: $n, after: $a) { data { requestId } pagination { endCursor hasNextPage } } }',
        { n: RUNS_PER_PAGE, a: after },
      )
      const { data, pagination } = answer.miniAppActionRuns
      for (const { requestId } of data) found.add(requestId)
      after = pagination.hasNextPage ? pagination.endCursor : null
    } while (after !== null)
    return this.#acknowledged.filter((requestId) => !found.has(requestId)).length
  }

  get output(): string {
    return this.#parts.server.output()
  }

  async close(): Promise<void> {
    const { server, provider, directory } = this.#parts
    await server.kill9()
    await provider.close()
    await rm(directory, { recursive: true, force: true })
  }
}
