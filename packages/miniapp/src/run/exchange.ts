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
  built?: BuiltRequest
  /** The last answer. `text` is the decoded body and holds secrets; `body` is what it was read as. */
  answer?: { status: number; headers: Record<string, string>; text: string; body: unknown }
}

export interface ExchangeValues {
  loopItem?: Rec
  /** What makes a request for one page out of the rendered one. */
  adjust?: (request: OutgoingRequest) => OutgoingRequest
}

export function newTrace(): Trace {
  return { attempts: [], notes: [] }
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
  for (;;) {
    state.checkTime()
    const revision = state.revision
    const scopes = state.scopes({ ...(loopItem && { loopItem }), ...(idempotencyKey && { idempotencyKey }) })
    trace.built = buildRequest(step, scopes, {
      allowHttp: state.options.allowHttp ?? false,
      isAuthRequest,
      boundary: state.effects.uuid,
      ...(adjust && { adjust }),
    })
    const response = await sendWithRetry(trace.built.request, step, state, trace.attempts)
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
    if (judgement.verdict === 'ok') {
      trace.notes.push(...read.notes)
      return read.source
    }
    if (judgement.verdict === 'failed') throw judgement.error
    if (!(await state.renew(revision))) throw (await state.refusedAltogether()) ?? judgement.error
  }
}
