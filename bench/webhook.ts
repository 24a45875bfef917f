/**
 * Bench `webhook`: deliveries a second from the request to the answer, each one another, verified, parsed and committed
 * before it is answered, over those of a bare `node:http` server that reads the body and verifies its HMAC. Each side is a
 * process of its own; they take turns within each round. Once on PostgreSQL with its default durability, once embedded.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { signatureOf } from '../packages/server/test/market-app.ts'
import { startPostgres } from '../packages/server/test/postgres.ts'
import { nodeEnvironment } from '../packages/server/test/server-process.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { judge, median, round } from '../scripts/measure-rounds.ts'
import { requestsPerSecond } from './webhook/load.ts'

const FORMS = {
  quick: { rounds: 1, requests: 100 },
  default: { rounds: 7, requests: 10_000 },
  long: { rounds: 21, requests: 30_000 },
} as const satisfies Record<MeasureOptions['form'], { rounds: number; requests: number }>

const CONNECTIONS = 64
/** Requests of each side before the first round: caches are full and the code is compiled. */
const WARM_UP = 2_000
/** With a load, a server and a database on one machine, a ratio says something from four cores on. */
const CORES_TO_JUDGE = 4
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')
const PAYLOAD = new URL('./payloads/github-issue-opened.json', import.meta.url)

const TARGETS = {
  postgresRatio: { min: 0.5 },
  embeddedRatio: { min: 0.18 },
} as const satisfies Measurement['targets']

interface Side {
  child: ChildProcess
  port: number
}

export async function bench({ form, log }: MeasureOptions): Promise<Measurement> {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-bench-webhook-'))
  const postgres = await startPostgres()
  const sides: Side[] = []
  try {
    const start = async (kind: string, env: Record<string, string>) => {
      const side = await startSide(kind, env)
      sides.push(side)
      return side.port
    }
    const ports = {
      bare: await start('bare', {}),
      postgres: await start('platform', { DATABASE_URL: postgres.url, MASTER_KEY, DATA_DIR: directory }),
      embedded: await start('platform', { DATA_DIR: directory }),
    }
    const times = await measure(ports, { ...FORMS[form], log })
    const ratio = (side: 'postgres' | 'embedded') =>
      round(median(times.map((time) => time[side] / time.bare)))
    const figures = {
      postgresRatio: ratio('postgres'),
      embeddedRatio: ratio('embedded'),
      barePerSecond: Math.round(median(times.map(({ bare }) => bare))),
      postgresPerSecond: Math.round(median(times.map((time) => time.postgres))),
      embeddedPerSecond: Math.round(median(times.map(({ embedded }) => embedded))),
      cores: availableParallelism(),
    }
    const verdicts = Object.entries(TARGETS).map(([name, target]) =>
      judge(figures[name as keyof typeof TARGETS], target),
    )
    const ok = availableParallelism() < CORES_TO_JUDGE || !verdicts.includes('missed')
    return { ok, figures: { ...figures, ...(verdicts.includes('tie') && { tie: true }) }, targets: TARGETS }
  } finally {
    for (const { child } of sides) child.kill('SIGKILL')
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

async function startSide(kind: string, env: Record<string, string>): Promise<Side> {
  const child = fork(join(import.meta.dirname, 'webhook/server.ts'), [kind], {
    env: { ...nodeEnvironment(), ...env },
  })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the side "${kind}" did not start`)))
  const [port] = (await Promise.race([once(child, 'message'), ended])) as [number]
  ended.catch(() => {})
  return { child, port }
}

/** Deliveries a second of each side, round by round. */
async function measure<Name extends string>(
  ports: Record<Name, number>,
  { rounds, requests, log }: { rounds: number; requests: number; log: (line: string) => void },
): Promise<Record<Name, number>[]> {
  const payload = JSON.parse(readFileSync(PAYLOAD, 'utf8')) as object
  let made = 0
  const send = (port: number, count: number) =>
    requestsPerSecond({
      port,
      connections: CONNECTIONS,
      requests: Array.from({ length: count }, () => requestOf({ ...payload, delivery_id: `d-${++made}` })),
    })
  const names = Object.keys(ports) as Name[]
  for (const name of names) await send(ports[name], Math.min(requests, WARM_UP))
  const times: Record<Name, number>[] = []
  for (let index = 1; index <= rounds; index++) {
    const time = {} as Record<Name, number>
    for (const name of names) time[name] = await send(ports[name], requests)
    times.push(time)
    log(`round ${index}: ${names.map((name) => `${name} ${Math.round(time[name])}/s`).join(', ')}`)
  }
  return times
}

function requestOf(payload: object): Buffer {
  const body = Buffer.from(JSON.stringify(payload))
  const head = [
    'POST /miniapps/market/webhooks HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'User-Agent: Market-Hook/1',
    'X-Market-Topic: order.created',
    `X-Market-Signature: ${signatureOf(body)}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}
