import type { CompiledHttpStep, CompiledStep } from '../compile-step.ts'
import { type ErrorCode, MiniAppError } from '../errors.ts'
import type { MappingNote } from '../expression/mapping.ts'
import { RECORDED_BODY_CHARACTERS } from '../request/build-request.ts'
import { REDACTED, type Redactor, redactHeaders, redactStart, redactValue } from '../request/redact.ts'
import { type RedactedRequest, SendError, type SendFailure } from './effects.ts'
import { FUNCTION_LOG_BYTES } from './evaluate-function-limits.ts'
import type { Phases, Trace } from './exchange.ts'
import { type MappedKey, mappedKeys } from './mapped-key.ts'
import { cancelled, type RunState } from './run-state.ts'
import type { Attempt } from './send-with-retry.ts'

/** What a run record keeps of one step (specification 4.4); redacted, safe to store and to show. */
export interface StepRecord {
  /** Place in `requests`. */
  index: number
  kind: CompiledStep['kind']
  status: 'ok' | 'failed' | 'skipped'
  /** Milliseconds since the epoch. */
  startedAt: number
  durationMs: number
  attempts: Attempt[]
  /** How many items a `forEach` had; `request` and `response` are then those of the first item or of the failed one. */
  items?: number
  request?: RedactedRequest
  /** `body`: the first 4 KiB. */
  response?: { status: number; headers: Record<string, string>; body: string }
  notes: MappingNote[]
  /** What each key of the mapping found in the answer; of a source, what its paths found. */
  mapping?: MappedKey[]
  /** Where the time went besides the attempts. Absent of a function. */
  phases?: Phases
  /** What App Functions wrote with `console.log`, at most 8 KiB: that of the step, or those of its `compute` rules. */
  logs?: string
  error?: { code: ErrorCode; message: string }
}

/** Adds the request and the answer that `trace` holds. */
export function recordTrace(
  record: StepRecord,
  trace: Trace,
  step: CompiledHttpStep,
  redact: Redactor,
): void {
  record.notes.push(...trace.notes.map((note) => ({ ...note, message: redact(note.message) })))
  // A function that works on new secrets may have logged them before anybody knew that they are secret.
  if (trace.logs.length > 0 && !step.secretOutputs) {
    record.logs = redactStart(trace.logs.join('\n'), redact, FUNCTION_LOG_BYTES)
  }
  record.phases = trace.phases
  if (trace.outputs && step.outputs.length > 0) record.mapping = mappedKeys(step, trace.outputs, redact)
  if (trace.built) record.request = trace.built.redacted(redact)
  if (!trace.answer) return
  const { status, headers, text, body } = trace.answer
  const isSecret = step.secretOutputs && status < 400
  const shown = isSecret && body !== null ? (JSON.stringify(shapeOf(body)) ?? '') : text
  record.response = {
    status,
    headers: redactHeaders(headers, redact),
    body: redactStart(shown, redact, RECORDED_BODY_CHARACTERS),
  }
}

/** Levels of an answer whose shape is recorded; token endpoints answer with two or three. */
const MAX_SHAPE_DEPTH = 20

/** The names of an answer that holds new secrets, mapped or not, with every text and number hidden. */
function shapeOf(value: unknown, depth = 0): unknown {
  if (typeof value === 'string' || typeof value === 'number' || depth > MAX_SHAPE_DEPTH) return REDACTED
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => shapeOf(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member, depth + 1)]))
}

/** Whatever a step threw, as the error of the run: redacted, with the step's index, never anything else. */
export function toStepError(error: unknown, step: CompiledStep, state: RunState): MiniAppError {
  const { signal } = state.options
  if (signal?.aborted && !(error instanceof MiniAppError)) return cancelled(signal.reason)
  const known = error instanceof SendError ? fromSendError(error, step, state) : error
  if (!(known instanceof MiniAppError)) {
    return new MiniAppError('INTERNAL_ERROR', `The platform failed at step ${step.index + 1}.`, {
      path: step.pointer,
      details: { step: step.index },
      cause: redactCause(error, state.redact),
    })
  }
  const details = {
    ...(redactValue(known.details, state.redact) as MiniAppError['details']),
    step: step.index,
  }
  return new MiniAppError(known.code, state.redact(known.message), {
    path: known.path ?? step.pointer,
    retryable: known.retryable,
    details,
    cause: redactCause(known.cause, state.redact),
  })
}

/** Errors below one another that are looked through; the log shows fewer. */
const MAX_CAUSES = 5

/** What the log is told of why: an address or the start of a body in it may hold a secret. The same object where it holds none. */
function redactCause(cause: unknown, redact: Redactor, depth = 0): unknown {
  if (typeof cause === 'string') return redact(cause)
  if (!(cause instanceof Error)) return cause
  const { name, message, stack = '', code } = cause as Error & { code?: unknown }
  const below = depth < MAX_CAUSES ? redactCause(cause.cause, redact, depth + 1) : undefined
  if (redact(message) === message && redact(stack) === stack && below === cause.cause) return cause
  const shown = new Error(redact(message), { cause: below })
  return Object.assign(shown, { name, stack: redact(stack), ...(code !== undefined && { code }) })
}

/** Whether trying the whole call again is safe: the request was surely not, or need not have been, carried out once. */
const SAFE_TO_REPEAT = {
  connect: () => true,
  network: (isSafe) => isSafe,
  timeout: (isSafe) => isSafe,
  blocked: () => false,
  'too-large': () => false,
  'too-many-redirects': () => false,
  'rate-limited': () => true,
  aborted: () => false,
} satisfies Record<SendFailure, (isSafe: boolean) => boolean>

/** Milliseconds by which the clock of a time-out may differ from the clock of the run. */
const TIMER_SLACK_MS = 5

function fromSendError(error: SendError, step: CompiledStep, state: RunState): MiniAppError {
  const isSafe = step.kind === 'http' && (step.method === 'GET' || step.method === 'HEAD')
  const code = error.failure === 'rate-limited' ? 'RATE_LIMITED' : 'EXTERNAL_API_ERROR'
  return new MiniAppError(code, error.message, {
    path: step.pointer,
    retryable: SAFE_TO_REPEAT[error.failure](isSafe),
    details: {
      failure:
        error.failure === 'timeout' && state.remainingMs() <= TIMER_SLACK_MS ? 'deadline' : error.failure,
      ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
      ...(error.refusal && { refusal: error.refusal }),
      ...causeOf(error),
    },
    cause: error,
  })
}

/** Error codes of the system, OpenSSL and HTTP clients: no text that anybody else writes. */
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{2,63}$/

function causeOf({ cause }: SendError): { cause?: string } {
  const code = (cause as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' && SYSTEM_CODE.test(code) ? { cause: code } : {}
}
