/**
 * Bench `egress`: the outbound client with all its checks (declared hosts, scheme, port, addresses, size, time) beside bare
 * undici with a pool of the same size, asking a provider in a process of its own for the same small answer.
 *
 * `throughputRatio`: requests a second with 50 in flight, over those of bare undici, the median of interleaved rounds.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Agent } from 'undici'
import { MAX_CONNECTIONS_PER_ORIGIN } from '../packages/server/src/http/routes.ts'
import { createSend } from '../packages/server/src/http/send.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'

const FORMS = {
  quick: { rounds: 5, calls: 500 },
  default: { rounds: 15, calls: 20_000 },
  long: { rounds: 31, calls: 50_000 },
} as const

const IN_FLIGHT = 50
const MIN_THROUGHPUT_RATIO = 0.9
/** A miss below this share is a tie and counts as reached. */
const TIE = 0.1
/** Of the small answer that `loopback-provider.mjs` gives. */
const ANSWER_BYTES = 197

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

type Call = () => Promise<{ byteLength: number }>

/** @returns calls a second */
async function throughput(call: Call, calls: number): Promise<number> {
  let left = calls
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0) {
        const { byteLength } = await call()
        if (byteLength !== ANSWER_BYTES)
          throw new Error(`the provider answered something else, of ${byteLength} bytes`)
      }
    }),
  )
  return calls / ((performance.now() - startedAt) / 1000)
}

const PATH = '/repos/ada/storefront/issues/12?per_page=100'
const HEADERS = {
  authorization: 'Bearer token-of-the-bench',
  accept: 'application/json',
  'user-agent': 'bench',
  'accept-encoding': 'gzip, deflate, br',
}

function bareUndici(origin: string): { call: Call; close: () => Promise<void> } {
  const agent = new Agent({ connections: MAX_CONNECTIONS_PER_ORIGIN, allowH2: false })
  return {
    call: async () => {
      const answer = await agent.request({ origin, path: PATH, method: 'GET', headers: HEADERS })
      return answer.body.arrayBuffer()
    },
    close: () => agent.close(),
  }
}

function outboundClient(origin: string): { call: Call; close: () => Promise<void> } {
  const egress = createSend({ allowPrivateNetworks: ['127.0.0.0/8'], providerOrigins: new Map() })
  const allowedHosts = ['api.provider.example', '*.files.provider.example', '127.0.0.1']
  return {
    call: async () => {
      const request = {
        method: 'GET' as const,
        url: `${origin}${PATH}`,
        headers: HEADERS,
        credentialHeaders: ['authorization'],
        credentialQuery: [],
      }
      return (await egress.send(request, { timeoutMs: 30_000, allowedHosts })).body
    },
    close: () => egress.close(),
  }
}

export async function bench({ form, log }: MeasureOptions): Promise<Measurement> {
  const { rounds, calls } = FORMS[form]
  const provider = fork(join(import.meta.dirname, '../packages/server/test/loopback-provider.mjs'))
  const [port] = (await once(provider, 'message')) as [number]
  const origin = `http://127.0.0.1:${port}`
  const bare = bareUndici(origin)
  const client = outboundClient(origin)
  const figures = { bare: [] as number[], client: [] as number[] }
  try {
    log('warming up')
    await throughput(bare.call, calls)
    await throughput(client.call, calls)
    for (let round = 1; round <= rounds; round++) {
      figures.bare.push(await throughput(bare.call, calls))
      figures.client.push(await throughput(client.call, calls))
      log(
        `round ${round} of ${rounds}: ${Math.round(figures.bare.at(-1) ?? 0)} bare, ${Math.round(figures.client.at(-1) ?? 0)} with checks`,
      )
    }
  } finally {
    await bare.close()
    await client.close()
    provider.disconnect()
  }
  const throughputRatio = median(figures.client) / median(figures.bare)
  const ok = throughputRatio >= MIN_THROUGHPUT_RATIO * (1 - TIE)
  return {
    ok,
    figures: {
      throughputRatio: Number(throughputRatio.toFixed(3)),
      barePerSecond: Math.round(median(figures.bare)),
      clientPerSecond: Math.round(median(figures.client)),
      ...(ok && throughputRatio < MIN_THROUGHPUT_RATIO && { tie: true }),
    },
    targets: { throughputRatio: { min: MIN_THROUGHPUT_RATIO } },
  }
}
