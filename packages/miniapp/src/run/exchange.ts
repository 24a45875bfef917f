import type { CompiledHttpStep } from '../compile-step.ts'
import type { MappingNote, ResponseSource } from '../expression/mapping.ts'
import type { Rec } from '../expression/own.ts'
import { type BuiltRequest, buildRequest } from '../request/build-request.ts'
import { judgeResponse, readResponse } from '../request/read-response.ts'
import type { OutgoingRequest } from './effects.ts'
import type { RunState } from './run-state.ts'
import { type Attempt, sendWithRetry } from './send-with-retry.ts'

/** What happened so far in one request of a step; filled in while it runs, so that a failure leaves it too. */
export interface Trace {
  attempts: Attempt[]
  notes: MappingNote[]
  phases: Phases
  /** What the mapping made of the answer, as far as it came. */
  outputs?: Rec
  /** What functions of `compute` rules logged. */
  logs: string[]
  built?: BuiltRequest
  /** The last answer. `text` is the decoded body and holds secrets; `body` is what it was read as. */
  answer?: { status: number; headers: Record<string, string>; text: string; body: unknown }
}

/** Milliseconds that the parts of a step took besides sending, whose times are in its attempts. */
export interface Phases {
  /** Until the request was rendered. */
  renderMs: number
  /** Waiting for fresh credentials after a 401. */
  refreshMs: number
  /** Decoding and parsing the answer. */
  readMs: number
  /** The mapping, with the functions that it computes with. */
  mapMs: number
}

export interface ExchangeValues {
  loopItem?: Rec
  /** What makes a request for one page out of the rendered one. */
  adjust?: (request: OutgoingRequest) => OutgoingRequest
}

export function newTrace(): Trace {
  return { attempts: [], notes: [], phases: { renderMs: 0, refreshMs: 0, readMs: 0, mapMs: 0 }, logs: [] }
}

/**
 * One request and its answer: build, send with retries, read, judge; after a 401 do it all again with other bags, those
 * that were stored meanwhile or those of one refresh (specification 3.5).
 *
 * @throws MiniAppError, SendError
 */
export async function exchange(
  step: CompiledHttpStep,
  state: RunState,
  values: ExchangeValues,
  trace: Trace,
): Promise<ResponseSource> {
  // Made once, so that all attempts carry the same key.
  const idempotencyKey = step.namesIdempotencyKey ? state.effects.uuid() : undefined
  const { loopItem, adjust } = values
  const isAuthRequest = state.context.isAuthRequest ?? false
  const { phases } = trace
  const { now } = state.effects
  for (;;) {
    state.checkTime()
    const startedAt = now()
    const revision = state.revision
    const scopes = state.scopes({ ...(loopItem && { loopItem }), ...(idempotencyKey && { idempotencyKey }) })
    trace.built = buildRequest(step, scopes, {
      allowHttp: state.options.allowHttp ?? false,
      isAuthRequest,
      boundary: state.effects.uuid,
      ...(adjust && { adjust }),
    })
    phases.renderMs += now() - startedAt
    const response = await sendWithRetry(trace.built.request, step, state, trace.attempts)
    const answeredAt = now()
    const read = readResponse(step, response)
    trace.answer = {
      status: response.status,
      headers: response.headers,
      text: read.text,
      body: read.source.body,
    }
    const judgement = judgeResponse(step, read.source, {
      redact: state.redact,
      now: state.effects.now(),
      isAuthRequest,
    })
    phases.readMs += now() - answeredAt
    if (judgement.verdict === 'ok') {
      trace.notes.push(...read.notes)
      return read.source
    }
    if (judgement.verdict === 'failed') throw judgement.error
    const refusedAt = now()
    const isRenewed = await state.renew(revision)
    phases.refreshMs += now() - refusedAt
    if (isRenewed) continue
    if (state.isRefreshed) judgement.error.details.refreshed = true
    throw (await state.refusedAltogether()) ?? judgement.error
  }
}
