/** A provider that never answers, sends one byte a second, or does not stop sending. */
import type { Answer } from './answer.ts'
import { type Fault, type FaultOptions, settle } from './fault.ts'
import { growthOf, startLoad } from './load.ts'
import { openSite, type Site } from './site.ts'

/** Time limit of a step at the provider; the longest that a definition may ask for is 60 s. */
const STEP_MS = { quick: 1_000, default: 3_000, long: 30_000 } as const
/** Beyond its limit a step may take so much longer to end, on a busy machine. */
const LATE_MS = 3_000
const WAITING_CALLS = 100
/** What a neighbour's call may take while others wait. */
const NEIGHBOUR_MS = 3_000
const FLOOD_BYTES = { quick: 32 * 2 ** 20, default: 512 * 2 ** 20, long: 2 * 2 ** 30 } as const
const FLOODS_AT_ONCE = 3
const MAX_ANSWER_BYTES = 10 * 2 ** 20

/** Many callers wait for the provider; each learns why at the end of the limit, and nobody else waits. */
function waits(name: string, action: 'hang' | 'drip'): Fault {
  return {
    name,
    async run({ form }) {
      const stepTimeoutMs = STEP_MS[form]
      const site = await openSite({ stepTimeoutMs })
      const broken: string[] = []
      try {
        await site.execute()
        const neighbours = startLoad(site)
        const waiting = await Promise.all(Array.from({ length: WAITING_CALLS }, () => site.execute(action)))
        const beside = await neighbours.stop()
        for (const { kind, ms, body } of waiting) {
          if (kind !== 'clear' || !body.includes('did not answer within'))
            broken.push(`${action} ended as ${body}`)
          if (ms > stepTimeoutMs + LATE_MS) broken.push(`${action} ended after ${ms} ms`)
        }
        const slowest = Math.max(...beside.map(({ ms }) => ms))
        if (slowest > NEIGHBOUR_MS) broken.push(`a call beside took ${slowest} ms`)
        if (beside.some(({ kind }) => kind !== 'done')) broken.push('a call beside failed')
        return await settle(site, { answers: [...waiting, ...beside], broken: [...new Set(broken)] })
      } finally {
        await site.close()
      }
    },
  }
}

export const providerHangs = waits('providerHangs', 'hang')
export const providerDrips = waits('providerDrips', 'drip')

async function flood(site: Site, action: 'flood' | 'bomb'): Promise<Answer[]> {
  return Promise.all(Array.from({ length: FLOODS_AT_ONCE }, () => site.execute(action)))
}

/** Twice as much as its caller takes, without announcing it: plain, and packed. */
export const providerFloods: Fault = {
  name: 'providerFloods',
  async run({ form, log }: FaultOptions) {
    const site = await openSite({ stepTimeoutMs: 30_000 })
    const broken: string[] = []
    site.provider.floodBytes = FLOOD_BYTES[form]
    try {
      await site.execute()
      const { result: answers, growthMb } = await growthOf(site, async () => [
        ...(await flood(site, 'flood')),
        ...(await flood(site, 'bomb')),
      ])
      const wrong = answers.find(({ kind, body }) => kind !== 'clear' || !body.includes('larger than'))
      if (wrong) broken.push(`a flood ended as ${wrong.body.slice(0, 500)}`)
      const readMb = Math.round(site.provider.sentBytes() / 2 ** 20)
      log(`${readMb} MB were sent before the connections were cut, ${growthMb} MB more memory`)
      // What is in the buffers of the system has been sent too.
      if (site.provider.sentBytes() > FLOODS_AT_ONCE * 3 * MAX_ANSWER_BYTES)
        broken.push(`${readMb} MB were read`)
      return { ...(await settle(site, { answers, broken })), growthMb }
    } finally {
      await site.close()
    }
  },
}
