/** Sleeps between rounds of background work, and is woken where somebody knows that there is something to do. */
export class Sleeper {
  #wake: (() => void) | undefined
  #woken = false

  /** Also where nobody sleeps at this moment: then the next sleep ends at once. */
  wake(): void {
    this.#woken = true
    this.#wake?.()
  }

  /** Resolves after `ms`, when woken, or when the signal is aborted. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#woken && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, ms)
      this.#wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
      clearTimeout(timer)
      this.#wake = undefined
    }
    this.#woken = false
  }
}
