import { SendError } from 'miniapp'
import type { Dispatcher } from 'undici'
import { sendErrorOf } from './send-failure.ts'
import type { TimeBudget } from './time-budget.ts'

/** One request as it goes on the wire. */
export interface WireRequest {
  dispatcher: Dispatcher
  origin: string
  /** Path and query. */
  path: string
  method: string
  /** Names and values in turn. */
  headers: string[]
  body: string | Uint8Array | null
  /** The host as messages call it. */
  host: string
}

/** One answer as it came from the wire: `body` is not decoded. */
export interface WireResponse {
  status: number
  /** Lower-case names; repeated headers joined with ", " (`set-cookie` with "; "). */
  headers: Record<string, string>
  body: Uint8Array
  /** Milliseconds from the beginning, connecting included, to the first byte of the answer. */
  firstByteMs: number
}

interface ExchangeLimits {
  maxBytes: number
  keepBytes?: number | undefined
  budget: TimeBudget
}

const NO_BYTES = new Uint8Array(0)

/**
 * Sends one request and collects its answer, without following redirects. Rejects with {@link SendError}; `connect`
 * only where the request was never handed to a connection.
 *
 * @param limits.maxBytes of the body on the wire
 * @param limits.keepBytes a longer body is no failure: it is cut there, and the rest left unread
 */
export function exchange(request: WireRequest, limits: ExchangeLimits): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const handler = new Exchange(request, limits, resolve, reject)
    if (handler.settled) return
    const { dispatcher, origin, path, method, headers, body } = request
    // The budget bounds the whole send, tighter than a limit for each part would.
    dispatcher.dispatch({ origin, path, method, headers, body, headersTimeout: 0, bodyTimeout: 0 }, handler)
  })
}

/** Collects the answer without a stream in between, which halves the cost of a small one. */
class Exchange implements Dispatcher.DispatchHandler {
  settled = false
  readonly #request: WireRequest
  readonly #maxBytes: number
  readonly #keepBytes: number | undefined
  readonly #budget: TimeBudget
  readonly #resolve: (response: WireResponse) => void
  readonly #reject: (error: SendError) => void
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: Record<string, string> = {}
  #chunks: Uint8Array[] = []
  #byteCount = 0
  readonly #startedAt = performance.now()
  #firstByteMs = 0

  constructor(
    request: WireRequest,
    limits: ExchangeLimits,
    resolve: (response: WireResponse) => void,
    reject: (error: SendError) => void,
  ) {
    this.#request = request
    this.#maxBytes = limits.maxBytes
    this.#keepBytes = limits.keepBytes
    this.#budget = limits.budget
    this.#resolve = resolve
    this.#reject = reject
    if (limits.budget.failure) this.#fail(limits.budget.failure)
    else limits.budget.onEnd = (failure) => this.#fail(failure)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A request that was given up while it waited for a connection is still in undici's queue. Throwing skips it;
    // `controller.abort` would close the connection that the next one waits for.
    if (this.settled) throw new Error('given up')
    this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // An interim answer (1xx) comes first and is overwritten.
    this.#status = status
    this.#firstByteMs = performance.now() - this.#startedAt
    this.#headers = joinHeaders(headers)
    // In answers without a body the header tells what another answer would hold (RFC 9110, 8.6).
    const announced =
      this.#request.method === 'HEAD' || status === 304 ? 0 : Number(this.#headers['content-length'])
    if (announced > this.#maxBytes && this.#keepBytes === undefined) this.#failTooLarge()
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.settled) return
    this.#byteCount += chunk.byteLength
    const keepBytes = this.#keepBytes
    if (keepBytes !== undefined && this.#byteCount > keepBytes) this.#cut(chunk, keepBytes)
    else if (this.#byteCount > this.#maxBytes) this.#failTooLarge()
    else this.#chunks.push(chunk)
  }

  #cut(chunk: Uint8Array, keepBytes: number): void {
    this.#chunks.push(chunk.subarray(0, chunk.byteLength - (this.#byteCount - keepBytes)))
    this.#byteCount = keepBytes
    this.onResponseEnd()
    this.#controller?.abort(new Error('read no further'))
  }

  onResponseEnd(): void {
    if (this.settled) return
    this.#settle()
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      body: this.#body(),
      firstByteMs: Math.round(this.#firstByteMs),
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(sendErrorOf(error, this.#request.host, this.#controller !== undefined))
  }

  #body(): Uint8Array {
    const [first] = this.#chunks
    if (!first) return NO_BYTES
    return this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#byteCount)
  }

  #failTooLarge(): void {
    this.#fail(new SendError('too-large', tooLargeMessage(this.#request.host, this.#maxBytes)))
  }

  #fail(error: SendError): void {
    if (this.settled) return
    this.#settle()
    this.#chunks = []
    this.#controller?.abort(error)
    this.#reject(error)
  }

  #settle(): void {
    this.settled = true
    this.#budget.onEnd = undefined
  }
}

export function tooLargeMessage(host: string, maxBytes: number): string {
  return `The answer of ${host} is larger than ${maxBytes} bytes`
}

/** In place: undici made the object for this answer alone. */
function joinHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (Array.isArray(value)) headers[name] = value.join(name === 'set-cookie' ? '; ' : ', ')
    else if (value === undefined) delete headers[name]
  }
  return headers as Record<string, string>
}
