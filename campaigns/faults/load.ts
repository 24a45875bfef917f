import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './answer.ts'
import type { Site } from './site.ts'

/** Between two calls; they do not wait for each other, as callers do not. */
const CALL_EVERY_MS = 150
const SAMPLE_EVERY_MS = 50

/** Callers during a fault. */
export interface Load {
  /** Ends it and waits for the answers under way. */
  stop(): Promise<Answer[]>
}

export function startLoad(site: Site, everyMs = CALL_EVERY_MS): Load {
  const ending = new AbortController()
  const answers: Promise<Answer>[] = []
  const calling = (async () => {
    while (!ending.signal.aborted) {
      answers.push(site.execute())
      await sleep(everyMs, undefined, { signal: ending.signal }).catch(() => {})
    }
  })()
  return {
    async stop() {
      ending.abort()
      await calling
      return Promise.all(answers)
    },
  }
}

/** Runs the work and tells by how many megabytes the server's memory exceeded what it was before, at most. */
export async function growthOf<T>(
  site: Site,
  work: () => Promise<T>,
): Promise<{ result: T; growthMb: number }> {
  const before = await site.residentMb()
  let peak = before
  const timer = setInterval(async () => {
    peak = Math.max(peak, await site.residentMb().catch(() => 0))
  }, SAMPLE_EVERY_MS)
  try {
    const result = await work()
    return { result, growthMb: Math.round(peak - before) }
  } finally {
    clearInterval(timer)
  }
}
