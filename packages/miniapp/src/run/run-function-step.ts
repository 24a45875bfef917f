import type { CompiledFunctionStep } from '../compile-step.ts'
import { MiniAppError } from '../errors.ts'
import type { FunctionResult } from './effects.ts'
import type { StepYield } from './for-each.ts'
import type { RunState } from './run-state.ts'
import type { StepRecord } from './step-record.ts'

type Failure = Extract<FunctionResult['outcome'], { ok: false }>

/**
 * Calls an App Function with values of the input scope; its result joins the context and the action's result.
 *
 * @throws MiniAppError `VALIDATION_ERROR` with the function's own message where it threw or returned no plain object,
 *   `INTERNAL_ERROR` naming the limit where it hit one (specification 4.3)
 */
export async function runFunctionStep(
  step: CompiledFunctionStep,
  state: RunState,
  record: StepRecord,
): Promise<StepYield> {
  const args = step.args.render(state.scopes({}).input)
  const { outcome, logs } = await state.callFunction(step.name, step.function, args)
  if (logs !== '') record.logs = state.redact(logs)
  if (!outcome.ok) throw FAILURES[outcome.failure](step, outcome)
  return { result: outcome.value, outputs: outcome.value }
}

type ToError = (step: CompiledFunctionStep, outcome: Failure) => MiniAppError

const refused =
  (sentence?: (name: string) => string): ToError =>
  (step, { failure, message, mistake }) =>
    new MiniAppError('VALIDATION_ERROR', sentence ? `${sentence(step.name)}: ${message}` : message, {
      path: step.pointer,
      details: { failure, ...(mistake !== undefined && { mistake }) },
    })

/** Trying again would hit the same limit, so the error is not retryable. */
const exceeded =
  (limit: string): ToError =>
  (step, { failure, message }) =>
    new MiniAppError('INTERNAL_ERROR', `The function ${step.name} ${limit}.`, {
      path: step.pointer,
      retryable: false,
      details: { failure },
      cause: message,
    })

const FAILURES = {
  threw: refused(),
  result: refused((name) => `The function ${name} must return a plain JSON object`),
  syntax: refused((name) => `The code of the function ${name} does not parse`),
  time: exceeded('ran for longer than 2 seconds and was stopped'),
  memory: exceeded('needed more than 128 MB of memory and was stopped'),
  stack: exceeded('called itself too deeply (stack limit) and was stopped'),
  crash: exceeded('crashed its sandbox and was stopped'),
} satisfies Record<Failure['failure'], ToError>
