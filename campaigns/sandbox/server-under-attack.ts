/** A server as operators run it, with an app whose actions are hostile functions, connected with a credential. */

import { type ApiClient, apiClient, signIn } from '../../packages/server/test/api-client.ts'
import { listing } from '../../packages/server/test/ledger-app.ts'
import { startLocalServer } from '../../packages/server/test/local-server.ts'
import { type ServerProcess, startServerProcess } from '../../packages/server/test/server-process.ts'
import { CLAIM, CLAIM_SOURCE, type Ending, type HostileFunction, PORT } from './hostile-function.ts'

const ORIGIN = 'https://provider.example'
/** Runs after each hostile function: what it sees of them, and whether it gets back its own argument. */
const WITNESS: HostileFunction = {
  name: 'witness',
  code: `const strange = Object.getOwnPropertyNames(globalThis).filter((name) => /survivor|left|job|polluted/.test(name))
for (const name in {}) strange.push(name)
for (const name in []) strange.push(name)
return { strange, text, sum: [3, 1, 2].sort().join(''), json: JSON.stringify({ a: [1, 'b'] }) }`,
  ends: ['value'],
}
/** An account may run 30 actions of an app a minute; turns are taken between so many. Fast machines run 900 a minute. */
const TOKENS = 100

export function sourceOf({ code }: HostileFunction, port: number): string {
  const whole = code.replaceAll(CLAIM, CLAIM_SOURCE).replaceAll(PORT, String(port))
  // A server refuses a definition whose function returns nothing.
  return /\breturn\b/.test(code) ? whole : `${whole}\nreturn {}`
}

function definitionOf(functions: readonly HostileFunction[], port: number) {
  const probe = { method: 'GET', headers: { Authorization: 'Bearer [[apiKey]]' } }
  return {
    ...listing('hostile-test', ORIGIN),
    auth: {
      type: 'bearer_token',
      sensitiveKeys: ['apiKey'],
      form: { apiKey: { type: 'password', label: 'Key', required: true } },
      test_token: { url: `${ORIGIN}/test`, ...probe, mapping: { ok: '$.ok' } },
      userDetails: { url: `${ORIGIN}/me`, ...probe, mapping: { uid: '$.uid', name: '$.name' } },
    },
    functions: Object.fromEntries(
      functions.map((one) => [one.name, { params: ['text'], code: sourceOf(one, port) }]),
    ),
    actions: functions.map(({ name }) => ({
      name,
      title: name,
      description: 'Tries to do harm.',
      parameters: { type: 'object', properties: { text: { type: 'string' } } },
      requests: [{ type: 'function', name, args: { text: '{{text}}' } }],
    })),
  }
}

export interface Execution {
  ending: Ending | string
  durationMs: number
  data: Record<string, unknown>
  /** Everything that was answered and recorded of it. */
  seen: string
  logBytes: number
  resultBytes: number
}

export interface AttackedServer {
  readonly server: ServerProcess
  execute(name: string, text: string): Promise<Execution>
  /** @returns what is wrong with a call after others, or nothing */
  askWitness(): Promise<string | undefined>
  close(): Promise<void>
}

export interface AttackOptions {
  functions: readonly HostileFunction[]
  port: number
  env: Record<string, string>
  cwd: string
  credential: string
}

export async function startAttackedServer(options: AttackOptions): Promise<AttackedServer> {
  const provider = await startLocalServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ ok: true, uid: 'somebody', name: 'Somebody' }))
  })
  const env = { ...options.env, PROVIDER_ORIGINS: `${ORIGIN}=${provider.origin}` }
  const server = await startServerProcess({ env, cwd: options.cwd })
  const owner = await signIn(server.url, server.ownerLink)
  const definition = definitionOf([WITNESS, ...options.functions], options.port)
  await owner.call('mutation ($d: JSON!) { registerMiniApp(definition: $d) }', { d: definition })
  await owner.call('mutation { installMiniApp(ns: "hostile-test") }')
  await owner.call('mutation ($c: JSON!) { saveMiniAppCredentials(ns: "hostile-test", credentials: $c) }', {
    c: { apiKey: options.credential },
  })
  const clients: ApiClient[] = []
  for (let index = 0; index < TOKENS; index++) {
    const { appsAdd } = await owner.call<{ appsAdd: { accessToken: string } }>(
      'mutation ($n: String!) { appsAdd(name: $n, allowAllPermission: true, noExpire: true) { accessToken } }',
      { n: `attacker ${index}` },
    )
    clients.push(apiClient(server.url, appsAdd.accessToken))
  }
  let turn = 0
  const execute = (name: string, text: string) =>
    executeAs(clients[turn++ % clients.length] ?? owner, name, text)
  let asked = 0
  return {
    server,
    execute,
    async askWitness() {
      const text = `witness ${asked++}`
      const { data } = await execute('witness', text)
      const expected = { strange: [], text, sum: '123', json: '{"a":[1,"b"]}' }
      const same = Object.entries(expected).every(
        ([key, value]) => JSON.stringify(data[key]) === JSON.stringify(value),
      )
      return same ? undefined : JSON.stringify(data)
    },
    async close() {
      await server.stop()
      await provider.close()
    },
  }
}

interface ActionAnswer {
  requestId: string
  data: Record<string, unknown> | null
  error: { code: string; message: string; details: { failure?: string } | null } | null
}

async function executeAs(client: ApiClient, name: string, text: string): Promise<Execution> {
  const startedAt = performance.now()
  const { executeMiniAppAction: answer } = await client.call<{ executeMiniAppAction: ActionAnswer }>(
    'mutation ($n: String!, $i: JSON) { executeMiniAppAction(appNs: "hostile-test", actionName: $n, formInput: $i) }',
    { n: name, i: { text } },
  )
  const durationMs = performance.now() - startedAt
  if (answer.error?.code === 'RATE_LIMITED')
    throw new Error(`The campaign is too fast: ${answer.error.message}`)
  const record = name === WITNESS.name ? undefined : await readRecord(client, name, answer.requestId)
  const logs = record?.steps?.map((step) => step.logs ?? '').join('') ?? ''
  return {
    ending: endingOf(answer),
    durationMs,
    data: answer.data ?? {},
    seen: JSON.stringify([answer, record]),
    logBytes: Buffer.byteLength(logs),
    resultBytes: Buffer.byteLength(JSON.stringify(answer.data ?? {})),
  }
}

interface RunRecord {
  steps?: { logs?: string }[]
}

/** Of the newest run of an action that nobody else runs meanwhile. */
async function readRecord(client: ApiClient, action: string, requestId: string): Promise<RunRecord> {
  const { miniAppActionRuns } = await client.call<{
    miniAppActionRuns: { data: { _id: string; requestId: string }[] }
  }>('query ($a: String) { miniAppActionRuns(action: $a, first: 1) { data { _id requestId } } }', {
    a: action,
  })
  const [run] = miniAppActionRuns.data
  if (run?.requestId !== requestId) throw new Error(`The run of ${action} left no record.`)
  const { miniAppActionRun } = await client.call<{ miniAppActionRun: { record: RunRecord } }>(
    'query ($id: String!) { miniAppActionRun(_id: $id) { record } }',
    { id: run._id },
  )
  return miniAppActionRun.record
}

function endingOf({ data, error }: ActionAnswer): Ending | string {
  if (!error) return data ? 'value' : 'nothing'
  if (error.code === 'INTERNAL_ERROR') return error.details?.failure ?? error.message
  if (error.code !== 'VALIDATION_ERROR') return `${error.code}: ${error.message}`
  if (error.message.includes('must return a plain JSON object')) return 'result'
  return error.message.includes('does not parse') ? 'syntax' : 'threw'
}
