/** How much longer a neighbour's calls take while another workspace does its worst, continuously. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FunctionCall } from 'miniapp'
import { silentLog } from '../../packages/server/src/log.ts'
import { createSandbox, type Sandbox } from '../../packages/server/src/sandbox/run-function.ts'
import { ENGINE } from './engine.ts'
import { ESCAPES } from './escapes.ts'
import { BUILT_INS, MEMORY, STACK, TIME } from './exhaustion.ts'
import type { HostileFunction } from './hostile-function.ts'
import { POLLUTION } from './pollution.ts'
import { sourceOf } from './server-under-attack.ts'

export interface Delays {
  /** Slowest call in the noise, less the slowest in the quiet; milliseconds. */
  added: number
  /** The same of the medians. */
  addedMedian: number
  /** The same of the calls that 99 in 100 are quicker than. */
  addedP99: number
  calls: number
  /** Answers of the neighbour's that were not its own. */
  wrong: number
}

/** Killers of every kind, one after the other. */
const KILLERS = [...TIME, ...BUILT_INS, ...MEMORY, ...STACK]
const PAUSE_MS = 10

const callOf = (one: HostileFunction): FunctionCall => ({
  name: one.name,
  params: ['text'],
  code: sourceOf(one, 9),
  args: { text: 'x' },
})

export interface NoiseOptions {
  processes: number
  /** Of each of the rounds, quiet and noisy in turn. */
  roundMs: number
  rounds: number
}

export async function measureDelays({ processes, roundMs, rounds }: NoiseOptions): Promise<Delays> {
  const sandbox = await createSandbox({ log: silentLog, size: processes })
  const times = { quiet: [] as number[], noisy: [] as number[] }
  let wrong = 0
  try {
    const neighbour = async (into: number[]) => {
      const until = performance.now() + roundMs
      while (performance.now() < until) {
        const n = into.length
        const startedAt = performance.now()
        const { outcome } = await sandbox.forWorkspace('neighbour')(
          { name: 'add', params: ['n'], code: 'return { sum: n + 1 }', args: { n } },
          {},
        )
        into.push(performance.now() - startedAt)
        if (!outcome.ok || outcome.value.sum !== n + 1) wrong++
        await sleep(PAUSE_MS)
      }
    }
    await neighbour([])
    for (let round = 0; round < rounds; round++) {
      await neighbour(times.quiet)
      const stop = startNoise(sandbox, processes * 2)
      await neighbour(times.noisy)
      await stop()
    }
  } finally {
    await sandbox.close()
  }
  const added = (share: number) =>
    Number((quantile(times.noisy, share) - quantile(times.quiet, share)).toFixed(2))
  return {
    added: Math.round(Math.max(...times.noisy) - Math.max(...times.quiet)),
    addedMedian: added(0.5),
    addedP99: added(0.99),
    calls: times.noisy.length,
    wrong,
  }
}

function startNoise(sandbox: Sandbox, inFlight: number): () => Promise<void> {
  const controller = new AbortController()
  let turn = 0
  const lanes = Array.from({ length: inFlight }, async () => {
    while (!controller.signal.aborted) {
      const killer = KILLERS[(turn++ * 7) % KILLERS.length]
      if (killer) {
        const options = { signal: controller.signal }
        await sandbox
          .forWorkspace('hostile')(callOf(killer), options)
          .catch(() => {})
      }
    }
  })
  return async () => {
    controller.abort()
    await Promise.all(lanes)
  }
}

const quantile = (values: number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0

export interface Overheard {
  /** What a hostile workspace saw of a neighbour whose calls run in the same processes. */
  secrets: string[]
  /** The neighbour's calls that did not get their own answer. */
  wrong: number
  /** Marks on the prototypes of this process, which read the results. */
  polluted: boolean
}

/** A neighbour's calls and hostile ones in turn, in the same two processes and without a credential in sight. */
export async function listenToNeighbour(canary: {
  value: string
  isIn(text: string): boolean
}): Promise<Overheard> {
  const sandbox = await createSandbox({ log: silentLog, size: 2 })
  const secrets: string[] = []
  let wrong = 0
  const keep = async () => {
    const { outcome } = await sandbox.forWorkspace('neighbour')(
      {
        name: 'keep',
        params: ['secret'],
        code: 'return { secret: [...secret].join("") }',
        args: { secret: canary.value.repeat(50) },
      },
      {},
    )
    if (!outcome.ok || outcome.value.secret !== canary.value.repeat(50)) wrong++
  }
  try {
    for (const one of [...ENGINE, ...ESCAPES, ...POLLUTION]) {
      await Promise.all([keep(), keep()])
      const answers = await Promise.all([1, 2].map(() => sandbox.forWorkspace('hostile')(callOf(one), {})))
      if (answers.some((answer) => canary.isIn(JSON.stringify(answer)))) secrets.push(one.name)
    }
  } finally {
    await sandbox.close()
  }
  const polluted = 'polluted' in {} || 'polluted' in [] || 'left' in {}
  return { secrets, wrong, polluted }
}
