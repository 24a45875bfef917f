/**
 * The effects that the interpreter borrows from its caller. The package itself opens no socket, reads no
 * clock and starts no process: the server lends pooled connections and a sandbox, the CLI lends its own.
 */

/** One HTTP request, fully rendered. Holds secrets: never logged; log its `redacted` twin instead. */
export interface OutgoingRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'
  /** Absolute URL, already encoded. */
  url: string
  /** Header names as the definition spells them, in order. */
  headers: Record<string, string>
  body?: string | Uint8Array
  /** Lower-case names of headers whose template holds a `[[…]]`, and `authorization`, `cookie`: dropped on a redirect to an undeclared host. */
  credentialHeaders: readonly string[]
  /** Names of query parameters whose template holds a `[[…]]`: dropped likewise. */
  credentialQuery: readonly string[]
}

/** The same request with every secret replaced by `***`; the only form that may be stored or logged. */
export interface RedactedRequest {
  readonly redacted: true
  method: string
  url: string
  headers: Record<string, string>
  /** First 4 KiB, redacted. */
  body?: string
}

/** What came back. `body` is decoded from gzip, deflate and br, and bounded by the sender. */
export interface IncomingResponse {
  status: number
  /** Lower-case names; repeated headers joined with ", " (`set-cookie` with "; "). */
  headers: Record<string, string>
  body: Uint8Array
  /** The URL that answered, after redirects. */
  url: string
  /** Milliseconds, where they are known: until it was this request's turn, and from then to the first byte of the answer. */
  timing?: { waitMs?: number; firstByteMs?: number }
}

export interface SendOptions {
  /** Milliseconds until the send fails with `SendError` `timeout`. */
  timeoutMs: number
  signal?: AbortSignal
  /** Hosts the definition declares for this install (lower case; `*.host` allowed); any other is refused. */
  allowedHosts: readonly string[]
  /**
   * The first answer is the result, whatever it is: no redirect is followed, nothing is decoded, and what its body holds
   * beyond `keepBytes` is left unread.
   */
  firstAnswer?: { keepBytes: number }
}

export type SendFailure =
  /** No byte was sent: safe to repeat whatever the method. */
  | 'connect'
  /** The connection failed after the request may have reached the provider. */
  | 'network'
  | 'timeout'
  /** Refused before or during connecting: address, port, scheme or host is not allowed. */
  | 'blocked'
  | 'too-large'
  | 'too-many-redirects'
  /** Not sent: the provider takes no more requests of this connection in time. `retryAfterMs` says when it does. */
  | 'rate-limited'
  | 'aborted'

/** Which rule a `blocked` request broke, where it matters to whoever mends it. */
export type Refusal = 'undeclared-host' | 'private-address'

/** The only error that `send` rejects with. `message` names host and reason and holds no secret. */
export class SendError extends Error {
  readonly failure: SendFailure
  /** Milliseconds after which trying again makes sense, where that is known. */
  readonly retryAfterMs: number | undefined
  /** Of `blocked`, where it is one of these. */
  readonly refusal: Refusal | undefined
  constructor(
    failure: SendFailure,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number; refusal?: Refusal } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SendError'
    this.failure = failure
    this.retryAfterMs = options.retryAfterMs
    this.refusal = options.refusal
  }
}

/** One call of an App Function (4.3). `args` holds input-scope values only, by parameter name. */
export interface FunctionCall {
  name: string
  params: readonly string[]
  code: string
  args: Record<string, unknown>
}

export interface FunctionResult {
  /** The returned plain object, or why there is none. */
  outcome:
    | { ok: true; value: Record<string, unknown> }
    /** `threw`: the function's own message. `result`: not a plain JSON object. Others: the limit that was hit. */
    | {
        ok: false
        failure: 'threw' | 'result' | 'syntax' | 'time' | 'memory' | 'stack' | 'crash'
        message: string
        /** Of what the engine threw, not the author: `TypeError` and the like. */
        mistake?: string
      }
  /** What `console.log` wrote, at most 8 KiB. */
  logs: string
}

export interface Effects {
  /** Sends one request. Rejects with {@link SendError} only. Does not retry. */
  send(request: OutgoingRequest, options: SendOptions): Promise<IncomingResponse>
  /**
   * The address that a URL of an answer's body means, where stand-ins answer for providers (10.4); anything else as it is.
   * Absent: there are none. `asked` is the URL that the answer came from.
   */
  originalUrl?(url: string, asked: string): string
  /** Runs an App Function in a sandbox. Never rejects because of the function. */
  runFunction(call: FunctionCall, options: { signal?: AbortSignal }): Promise<FunctionResult>
  /** Milliseconds since the epoch. */
  now(): number
  /** In [0, 1); jitter of retries. */
  random(): number
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** A new UUID; `{{idempotencyKey}}`. */
  uuid(): string
}
