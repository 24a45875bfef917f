/** What an answer during a fault must be: soon, with a code, a sentence, and whether trying again helps. */

/** An HTTP answer; `status` 0 where the connection was refused, reset or left without an answer. */
export interface Reply {
  status: number
  body: string
  ms: number
}

/**
 * `done`: success. `clear`: an error with code, sentence and `retryable`. `closed`: the connection was refused or reset.
 * `unclear`: anything else, also no answer at all.
 */
export type AnswerKind = 'done' | 'clear' | 'closed' | 'unclear'

export interface Answer {
  kind: AnswerKind
  ms: number
  code: string
  retryable: boolean
  requestId?: string
  /** For the log of the campaign. */
  body: string
}

interface Told {
  code?: unknown
  message?: unknown
  retryable?: unknown
}

interface Result {
  requestId: string
  success: boolean
  error: Told | null
}

interface Envelope {
  data?: Record<string, never> | null
  errors?: { message: string; extensions: Told }[]
}

const CLOSED = /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up|other side closed|UND_ERR_SOCKET/i
/** Says nothing that anybody could act on. */
const SAYS_NOTHING = 'INTERNAL_SERVER_ERROR'

/** @param read the result of the operation, where it is one of an action */
export function judge(reply: Reply, read?: (data: Record<string, never>) => Result | undefined): Answer {
  const { ms, body } = reply
  const none: Answer = { kind: 'unclear', ms, code: '', retryable: false, body }
  if (reply.status === 0) return { ...none, kind: CLOSED.test(body) ? 'closed' : 'unclear' }
  const envelope = parse(body)
  const [failure] = envelope?.errors ?? []
  if (failure) return told(none, { ...failure.extensions, message: failure.message })
  const result = envelope?.data && read?.(envelope.data)
  if (result?.error) return told(none, result.error)
  if (result?.success || (envelope?.data && !read)) {
    return { ...none, kind: 'done', ...(result && { requestId: result.requestId }) }
  }
  return none
}

function told(none: Answer, { code, message, retryable }: Told): Answer {
  const clear =
    typeof code === 'string' &&
    code !== SAYS_NOTHING &&
    typeof message === 'string' &&
    message.length > 0 &&
    typeof retryable === 'boolean'
  return { ...none, kind: clear ? 'clear' : 'unclear', code: String(code), retryable: retryable === true }
}

function parse(text: string): Envelope | undefined {
  try {
    return JSON.parse(text) as Envelope
  } catch {
    return undefined
  }
}
