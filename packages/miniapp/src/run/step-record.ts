import type { CompiledHttpStep, CompiledStep } from '../compile-step.ts'
import { type ErrorCode, MiniAppError } from '../errors.ts'
import type { MappingNote } from '../expression/mapping.ts'
import { RECORDED_BODY_CHARACTERS } from '../request/build-request.ts'
import { REDACTED, type Redactor, redactHeaders, redactStart, redactValue } from '../request/redact.ts'
import { type RedactedRequest, SendError, type SendFailure } from './effects.ts'
import type { Trace } from './exchange.ts'
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
  /** What an App Function wrote with `console.log`. */
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
  const known = error instanceof SendError ? fromSendError(error, step) : error
  if (!(known instanceof MiniAppError)) {
    return new MiniAppError('INTERNAL_ERROR', `The platform failed at step ${step.index + 1}.`, {
      path: step.pointer,
      details: { step: step.index },
      cause: error,
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
    cause: known.cause,
  })
}

/** Whether trying the whole call again is safe: the request was surely not, or need not have been, carried out once. */
const SAFE_TO_REPEAT = {
  connect: () => true,
  network: (isSafe) => isSafe,
  timeout: (isSafe) => isSafe,
  blocked: () => false,
  'too-large': () => false,
  'too-many-redirects': () => false,
  aborted: () => false,
} satisfies Record<SendFailure, (isSafe: boolean) => boolean>

function fromSendError(error: SendError, step: CompiledStep): MiniAppError {
  const isSafe = step.kind === 'http' && (step.method === 'GET' || step.method === 'HEAD')
  return new MiniAppError('EXTERNAL_API_ERROR', error.message, {
    path: step.pointer,
    retryable: SAFE_TO_REPEAT[error.failure](isSafe),
    details: { failure: error.failure },
    cause: error,
  })
}
