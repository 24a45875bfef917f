import type { Sleeper } from './sleeper.ts'

export interface BackgroundLoop {
  sleeper: Sleeper
  /** How long it sleeps, unless woken, after a round in which there was nothing to do. */
  lookIntervalMs: number
  /** After a round that failed: of the database, as a rule. */
  lookAfterFailureMs: number
  /** @returns how much was done; 0 where there was nothing */
  round(signal: AbortSignal): Promise<number>
  onFailure(error: unknown): void
}

/**
 * Runs rounds until it is ended, one after the other.
 * @returns a function that ends it, waiting for the round under way
 */
export function startLoop(loop: BackgroundLoop): () => Promise<void> {
  const { sleeper, lookIntervalMs, lookAfterFailureMs } = loop
  const ending = new AbortController()
  const { signal } = ending
  const run = async () => {
    while (!signal.aborted) {
      try {
        const done = await loop.round(signal)
        if (done === 0) await sleeper.sleep(lookIntervalMs, signal)
      } catch (error) {
        loop.onFailure(error)
        await sleeper.sleep(lookAfterFailureMs, signal)
      }
    }
  }
  const running = run()
  return () => {
    ending.abort()
    return running
  }
}
