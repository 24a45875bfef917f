import type { CompiledStep } from '../compile-step.ts'
import type { MiniAppError } from '../errors.ts'
import type { Rec } from '../expression/own.ts'
import { redactValue } from '../request/redact.ts'
import type { Effects } from './effects.ts'
import type { StepYield } from './for-each.ts'
import { runFunctionStep } from './run-function-step.ts'
import { runHttpStep } from './run-http-step.ts'
import { mergeOwn, type RunContext, type RunOptions, RunState } from './run-state.ts'
import { type StepRecord, toStepError } from './step-record.ts'

export interface RunOutcome {
  ok: boolean
  /**
   * Object-mapped outputs and function results of all steps, a later step winning on the same key; on failure those of
   * the steps before. Redacted, unless it is an auth request, whose values are stored.
   */
  data: Rec
  /** What a further step would see; holds secrets that providers echoed. */
  outputs: Rec
  error?: MiniAppError
  /** One for each step that was begun. */
  steps: StepRecord[]
}

/**
 * Runs the steps of an action or a list of auth requests in order and stops at the first failure (specification 4).
 * Never rejects: what is not expected ends as `INTERNAL_ERROR` with its cause.
 */
export async function runSteps(
  steps: readonly CompiledStep[],
  context: RunContext,
  effects: Effects,
  options: RunOptions,
): Promise<RunOutcome> {
  const state = new RunState(context, effects, options)
  const data: Rec = {}
  const records: StepRecord[] = []
  let failure: MiniAppError | undefined
  for (const step of steps) {
    const outcome = await runStep(step, state)
    records.push(outcome.record)
    if (outcome.yielded) {
      mergeOwn(state.outputs, outcome.yielded.outputs)
      mergeOwn(data, outcome.yielded.result)
    }
    failure = outcome.error
    if (failure) break
  }
  return {
    ok: failure === undefined,
    data: context.isAuthRequest ? data : (redactValue(data, state.redact) as Rec),
    outputs: state.outputs,
    ...(failure && { error: failure }),
    steps: records,
  }
}

interface StepOutcome {
  record: StepRecord
  yielded?: StepYield | undefined
  error?: MiniAppError
}

async function runStep(step: CompiledStep, state: RunState): Promise<StepOutcome> {
  const startedAt = state.effects.now()
  const record: StepRecord = {
    index: step.index,
    kind: step.kind,
    status: 'ok',
    startedAt,
    durationMs: 0,
    attempts: [],
    notes: [],
  }
  try {
    state.beginStep()
    const yielded =
      step.kind === 'function'
        ? await runFunctionStep(step, state, record)
        : await runHttpStep(step, state, record)
    return { record, yielded }
  } catch (thrown) {
    const error = toStepError(thrown, step, state)
    record.status = 'failed'
    record.error = { code: error.code, message: error.message }
    return { record, error }
  } finally {
    record.durationMs = state.effects.now() - startedAt
  }
}
