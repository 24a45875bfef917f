/**
 * Campaign `crash-action`: the server is killed with `kill -9` while accounts are being connected and while actions run.
 * After each restart no install may be half connected, and no execution that was answered may be without its record.
 *
 * Runs on the embedded database, and on a PostgreSQL of its own where one can be started.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiClient, apiClient, signIn } from '../packages/server/test/api-client.ts'
import { fillDataDirectory } from '../packages/server/test/data-directory.ts'
import { listing } from '../packages/server/test/ledger-app.ts'
import { type LocalServer, startLocalServer } from '../packages/server/test/local-server.ts'
import { startPostgres } from '../packages/server/test/postgres.ts'
import { type ServerProcess, startServerProcess } from '../packages/server/test/server-process.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { createRandom, type Random } from './properties/random.ts'

const KILLS = {
  quick: { connects: 1, executions: 1, lanes: 1 },
  default: { connects: 10, executions: 40, lanes: 2 },
  long: { connects: 50, executions: 500, lanes: 3 },
} as const

/** Executions under way when a kill falls. */
const EXECUTIONS_PER_KILL = 6
/** Kills fall anywhere from the first call to this many times as long as the same work took undisturbed. */
const KILL_WINDOW = 1.5
/** Each request at the provider takes up to this long, so that kills fall between requests too. */
const PROVIDER_DELAY_MS = 12
/** An account may run 30 actions of an app a minute; turns are taken between so many. */
const TOKENS = 12
const ORIGIN = 'https://provider.example'
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

const DEFINITION = {
  ...listing('crash-test', ORIGIN),
  auth: {
    type: 'bearer_token',
    sensitiveKeys: ['apiKey', 'accessToken'],
    form: { apiKey: { type: 'password', label: 'Key', required: true } },
    get_token: {
      url: `${ORIGIN}/token`,
      method: 'POST',
      headers: { 'X-Key': '[[apiKey]]' },
      body: {},
      mapping: { accessToken: '$.token' },
    },
    test_token: {
      url: `${ORIGIN}/test`,
      method: 'GET',
      headers: { Authorization: 'Bearer [[accessToken]]' },
      mapping: { ok: '$.ok' },
    },
    userDetails: {
      url: `${ORIGIN}/me`,
      method: 'GET',
      headers: { Authorization: 'Bearer [[accessToken]]' },
      mapping: { uid: '$.uid', name: '$.name' },
    },
  },
  actions: [
    {
      name: 'echo',
      title: 'Echo',
      description: 'Answers with what it got.',
      parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
      requests: [
        {
          url: `${ORIGIN}/echo`,
          method: 'POST',
          headers: { Authorization: 'Bearer [[accessToken]]' },
          body: { text: '{{text}}' },
          mapping: { text: '$.text', account: '$.account' },
        },
      ],
    },
  ],
}

interface Tally {
  connectKills: number
  executionKills: number
  connectsAnswered: number
  executionsAnswered: number
  halfConnected: number
  lostConnections: number
  lostRecords: number
  doubledRecords: number
  slowestRestartMs: number
}

/** The platform hides a key wherever it stands in an answer; its mirror image tells whose it is all the same. */
const mirrored = (key: string) => [...key].reverse().join('')

/** Issues a token for each key and knows whose it is; every request takes a while. */
function startProvider(random: Random): Promise<LocalServer> {
  const server = startLocalServer(async (request, response) => {
    const body = (await server).requests.at(-1)?.body ?? ''
    await sleep(random.next() * PROVIDER_DELAY_MS)
    const account = /^Bearer token-of-(.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    }
    if (request.url === '/token') return send(200, { token: `token-of-${String(request.headers['x-key'])}` })
    if (account === undefined) return send(401, { error: 'no token' })
    if (request.url === '/me')
      return send(200, { uid: `uid-of-${account}`, name: `Account ${mirrored(account)}` })
    if (request.url === '/echo') return send(200, { text: JSON.parse(body).text, account: mirrored(account) })
    return send(200, { ok: true })
  })
  return server
}

interface LaneOptions {
  env: Record<string, string>
  cwd: string
  random: Random
  tally: Tally
  log: (line: string) => void
}

/** One server with its data, killed and started again and again. */
class Lane {
  readonly #env: Record<string, string>
  readonly #cwd: string
  readonly #random: Random
  readonly #tally: Tally
  readonly #log: (line: string) => void
  #server: ServerProcess | undefined
  #owner = ''
  #tokens: string[] = []
  #executions = 0
  /** Milliseconds that the work took undisturbed. */
  #connectMs = 0
  #executionsMs = 0

  constructor(options: LaneOptions) {
    this.#env = options.env
    this.#cwd = options.cwd
    this.#random = options.random
    this.#tally = options.tally
    this.#log = options.log
  }

  get #client(): ApiClient {
    return apiClient(this.#running.url, this.#owner)
  }

  get #running(): ServerProcess {
    if (!this.#server) throw new Error('The server is not running.')
    return this.#server
  }

  async open(): Promise<void> {
    this.#server = await startServerProcess({ env: this.#env, cwd: this.#cwd })
    this.#owner = (await signIn(this.#server.url, this.#server.ownerLink)).token
    await this.#client.call('mutation ($d: JSON!) { registerMiniApp(definition: $d) }', { d: DEFINITION })
    await this.#client.call('mutation { installMiniApp(ns: "crash-test") }')
    for (let index = 0; index < TOKENS; index++) {
      const { appsAdd } = await this.#client.call<{ appsAdd: { accessToken: string } }>(
        'mutation ($n: String!) { appsAdd(name: $n, allowAllPermission: true, noExpire: true) { accessToken } }',
        { n: `crash ${index}` },
      )
      this.#tokens.push(appsAdd.accessToken)
    }
    this.#connectMs = await timed(() => this.#connect('key-undisturbed'))
  }

  async close(): Promise<void> {
    await this.#server?.stop()
  }

  async #killAfter(ms: number): Promise<void> {
    await sleep(ms)
    await this.#running.kill9()
    const startedAt = performance.now()
    this.#server = await startServerProcess({ env: this.#env, cwd: this.#cwd })
    const took = Math.round(performance.now() - startedAt)
    this.#tally.slowestRestartMs = Math.max(this.#tally.slowestRestartMs, took)
  }

  /** Kills while an account is being connected that was not connected before. */
  async crashConnect(round: number): Promise<void> {
    await this.#client.call('mutation { disconnectMiniApp(ns: "crash-test") }')
    const key = `key-${round}-${this.#random.below(1e9)}`
    const connecting = this.#connect(key).then(
      () => true,
      () => false,
    )
    await this.#killAfter(this.#random.next() * KILL_WINDOW * this.#connectMs)
    const answered = await connecting
    this.#tally.connectKills += 1
    if (answered) this.#tally.connectsAnswered += 1
    const state = await this.#readState()
    const worked = await this.#execute(this.#nextToken(), 'after the crash')
    const whole = state.isAuthenticated
      ? state.state === 'connected' &&
        state.accountName === `Account ${mirrored(key)}` &&
        worked.data?.account === mirrored(key)
      : state.state === 'installed' && state.accountName === null && worked.error?.code === 'NOT_CONFIGURED'
    if (!whole) {
      this.#tally.halfConnected += 1
      this.#log(`half connected: ${JSON.stringify({ key, answered, state, worked })}`)
    }
    if (answered && !state.isAuthenticated) this.#tally.lostConnections += 1
  }

  /** Kills while several actions run; those that were answered must have left one record each. */
  async crashExecutions(round: number): Promise<void> {
    const running = this.#startExecutions().map((execution) =>
      execution.then(
        (answer) => answer,
        () => undefined,
      ),
    )
    await this.#killAfter(spread(round) * KILL_WINDOW * this.#executionsMs)
    const answers = (await Promise.all(running)).filter((answer) => answer !== undefined)
    this.#tally.executionKills += 1
    this.#tally.executionsAnswered += answers.length
    const records = await this.#readRecords()
    for (const { requestId } of answers) {
      const found = records.filter((record) => record === requestId).length
      if (found === 0) this.#tally.lostRecords += 1
      if (found > 1) this.#tally.doubledRecords += 1
    }
  }

  /** Connects for the executions that follow. */
  async connect(): Promise<void> {
    await this.#connect('key-of-the-lane')
    this.#executionsMs = await timed(() => Promise.all(this.#startExecutions()))
  }

  #startExecutions() {
    return Array.from({ length: EXECUTIONS_PER_KILL }, () =>
      this.#execute(this.#nextToken(), `text ${this.#executions++}`),
    )
  }

  #connect(apiKey: string): Promise<unknown> {
    return this.#client.call(
      'mutation ($c: JSON!) { saveMiniAppCredentials(ns: "crash-test", credentials: $c) }',
      { c: { apiKey } },
    )
  }

  #nextToken(): string {
    const token = this.#tokens.shift() ?? ''
    this.#tokens.push(token)
    return token
  }

  async #execute(token: string, text: string) {
    const { executeMiniAppAction } = await apiClient(this.#running.url, token).call<{
      executeMiniAppAction: {
        requestId: string
        data: { account?: string } | null
        error: { code: string } | null
      }
    }>(
      'mutation ($i: JSON) { executeMiniAppAction(appNs: "crash-test", actionName: "echo", formInput: $i) }',
      { i: { text } },
    )
    return executeMiniAppAction
  }

  async #readState() {
    const { miniAppGeneralInfo } = await this.#client.call<{
      miniAppGeneralInfo: { auth: { isAuthenticated: boolean; state: string; accountName: string | null } }
    }>('{ miniAppGeneralInfo(ns: "crash-test") { auth { isAuthenticated state accountName } } }')
    return miniAppGeneralInfo.auth
  }

  async #readRecords(): Promise<string[]> {
    const { miniAppActionRuns } = await this.#client.call<{
      miniAppActionRuns: { data: { requestId: string }[] }
    }>('{ miniAppActionRuns(first: 100) { data { requestId } } }')
    return miniAppActionRuns.data.map(({ requestId }) => requestId)
  }
}

/** Moments in [0, 1), evenly spread however few there are; the first is late. */
const spread = (round: number) => (0.95 + (round - 1) * 0.618_034) % 1

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function runLane(
  lane: Lane,
  kills: { connects: number; executions: number },
  log: (line: string) => void,
) {
  try {
    await lane.open()
    for (let round = 1; round <= kills.connects; round++) {
      await lane.crashConnect(round)
      if (round % 10 === 0) log(`${round} of ${kills.connects} connects killed`)
    }
    await lane.connect()
    for (let round = 1; round <= kills.executions; round++) {
      await lane.crashExecutions(round)
      if (round % 25 === 0) log(`${round} of ${kills.executions} batches of executions killed`)
    }
  } finally {
    await lane.close()
  }
}

export async function campaign({ form, seed, log }: MeasureOptions): Promise<Measurement> {
  const { connects, executions, lanes } = KILLS[form]
  const random = createRandom(seed)
  const tally: Tally = {
    connectKills: 0,
    executionKills: 0,
    connectsAnswered: 0,
    executionsAnswered: 0,
    halfConnected: 0,
    lostConnections: 0,
    lostRecords: 0,
    doubledRecords: 0,
    slowestRestartMs: 0,
  }
  const provider = await startProvider(random)
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-crash-action-'))
  const postgres = form === 'quick' ? undefined : await startPostgres()
  log(postgres ? 'one lane on PostgreSQL, the others embedded' : 'all lanes on the embedded database')
  try {
    for (let index = 0; index < lanes; index++) await fillDataDirectory(join(directory, `data-${index}`))
    const shares = Array.from({ length: lanes }, (_, index) => {
      const env: Record<string, string> = {
        DATA_DIR: join(directory, `data-${index}`),
        PROVIDER_ORIGINS: `${ORIGIN}=${provider.origin}`,
        MASTER_KEY,
        ...(postgres && index === 0 && { DATABASE_URL: postgres.url }),
      }
      const share = (total: number) => Math.floor(total / lanes) + (index < total % lanes ? 1 : 0)
      return {
        lane: new Lane({ env, cwd: directory, random, tally, log }),
        kills: { connects: share(connects), executions: share(executions) },
        name: postgres && index === 0 ? 'PostgreSQL' : `embedded ${index}`,
      }
    })
    await Promise.all(
      shares.map(({ lane, kills, name }) => runLane(lane, kills, (line) => log(`${name}: ${line}`))),
    )
  } finally {
    await provider.close()
    await postgres?.stop()
    await rm(directory, { recursive: true, force: true })
  }
  const targets = {
    connectKills: { min: connects },
    executionKills: { min: executions },
    executionsAnswered: { min: 1 },
    halfConnected: { max: 0 },
    lostConnections: { max: 0 },
    lostRecords: { max: 0 },
    doubledRecords: { max: 0 },
  }
  const ok =
    tally.halfConnected + tally.lostConnections + tally.lostRecords + tally.doubledRecords === 0 &&
    tally.connectKills >= connects &&
    tally.executionKills >= executions &&
    tally.executionsAnswered >= 1
  return { ok, figures: { ...tally, postgres: postgres !== undefined }, targets }
}
