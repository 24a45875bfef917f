import { SendError } from 'miniapp'

/**
 * The time of one `send`: name, connect, TLS, headers, bodies and every redirect share it. Ends early when the
 * caller's signal is aborted. One timer for all of it.
 */
export class TimeBudget {
  /** Why the time is over; `undefined` while it is not. */
  failure: SendError | undefined
  /** Called once when the time is over, by whoever waits right now. */
  onEnd: ((failure: SendError) => void) | undefined
  readonly #timer: NodeJS.Timeout
  readonly #signal: AbortSignal | undefined
  readonly #abort: (() => void) | undefined

  constructor(host: string, options: { timeoutMs: number; signal?: AbortSignal }) {
    const { timeoutMs, signal } = options
    this.#timer = setTimeout(() => {
      this.#end(new SendError('timeout', `${host} did not answer within ${timeoutMs} ms`))
    }, timeoutMs)
    if (!signal) return
    this.#signal = signal
    this.#abort = () => {
      this.#end(new SendError('aborted', `The request to ${host} was aborted`, { cause: signal.reason }))
    }
    if (signal.aborted) this.#abort()
    else signal.addEventListener('abort', this.#abort, { once: true })
  }

  /** Must be called when the send is over, whatever came of it. */
  release(): void {
    clearTimeout(this.#timer)
    if (this.#abort) this.#signal?.removeEventListener('abort', this.#abort)
    this.onEnd = undefined
  }

  #end(failure: SendError): void {
    if (this.failure) return
    this.failure = failure
    this.onEnd?.(failure)
  }
}
