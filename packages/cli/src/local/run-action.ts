import { type Bags, type CompiledAction, MiniAppError, runSteps } from 'miniapp'
import type { Outcome } from '../outcome.ts'
import { actionOutcome } from '../render/action.ts'
import type { RunReport } from '../run-report.ts'
import type { Shell } from '../shell.ts'
import { bagsFor } from './bags.ts'
import { type Given, optionsWith, readGiven } from './given.ts'
import type { LocalApp } from './load-app.ts'
import { localReport } from './local-report.ts'
import { runContextOf } from './run-context.ts'
import { type LocalOptions, type LocalRuntime, withRuntime } from './runtime.ts'

type Rec = Record<string, unknown>

/** Milliseconds from the first step to the last, as on the server (specification 4.4). */
const ACTION_DEADLINE_MS = 60_000

export interface ActionCall {
  action: string
  input: Rec
  /** Show requests and answers. */
  verbose: boolean
}

/**
 * Runs an action of a definition on this machine. What the input, the definition or the provider cause ends in the
 * outcome.
 *
 * @throws CliError for options that cannot be used
 */
export async function runActionHere(
  app: LocalApp,
  call: ActionCall,
  options: LocalOptions,
  shell: Shell,
): Promise<Outcome> {
  const given = await readGiven(app, options.credential ?? [], shell)
  const { report, data } = await actionHere(app, call, { given, options })
  return actionOutcome(report, { data })
}

/** The run itself. @throws CliError for options that cannot be used */
export function actionHere(
  app: LocalApp,
  call: ActionCall,
  { given, options }: { given: Given; options: LocalOptions },
): Promise<{ report: RunReport; data: Rec | null }> {
  return withRuntime(optionsWith(given, options), async (runtime) => {
    const startedAt = performance.now()
    const run = await attempt(app, call, given, runtime)
    const steps = run.steps.map((step) => ({ ...step, ...functionName(app, call.action, step.index) }))
    const { error } = run
    const report = localReport(
      app,
      { action: call.action },
      { steps, error, startedAt, verbose: call.verbose },
    )
    return { report, data: run.error ? null : run.data }
  })
}

type Run = Pick<Awaited<ReturnType<typeof runSteps>>, 'data' | 'steps' | 'error'>

async function attempt(
  app: LocalApp,
  { action: name, input: raw }: ActionCall,
  given: Given,
  runtime: LocalRuntime,
): Promise<Run> {
  const { compiled } = app
  const failed = (error: MiniAppError): Run => ({ data: {}, steps: [], error })
  const action = compiled.actions.get(name)
  if (!action) return failed(actionNotFound(app, name))
  const coerced = action.coerceInput(raw)
  if (!coerced.ok) return failed(invalidInput(action, coerced.fields))
  const { requests } = (compiled.definition.actions ?? []).find((one) => one.name === name) ?? {}
  let bags: Bags
  try {
    bags = await bagsFor(app, given, { requests, inputs: Object.keys(coerced.input) }, runtime)
  } catch (error) {
    if (error instanceof MiniAppError) return failed(error)
    throw error
  }
  const context = runContextOf(app, { bags, given }, coerced.input, runtime)
  return runSteps(action.steps, context, runtime.effects, {
    deadlineMs: ACTION_DEADLINE_MS,
    allowHttp: runtime.allowHttp,
  })
}

function actionNotFound({ compiled }: LocalApp, name: string): MiniAppError {
  const names = [...compiled.actions.keys()]
  const list = names.length > 0 ? `Its actions are: ${names.join(', ')}.` : 'It has none.'
  return new MiniAppError('ACTION_NOT_FOUND', `"${compiled.ns}" has no action "${name}". ${list}`)
}

function invalidInput(
  { pointer }: CompiledAction,
  fields: { path: string; message: string }[],
): MiniAppError {
  const count = fields.length === 1 ? 'one field' : `${fields.length} fields`
  return new MiniAppError('VALIDATION_ERROR', `The input does not fit: ${count} to correct.`, {
    path: `${pointer}/parameters`,
    details: { fields },
  })
}

function functionName({ compiled }: LocalApp, action: string, index: number): { name?: string } {
  const step = compiled.actions.get(action)?.steps[index]
  return step?.kind === 'function' ? { name: step.name } : {}
}
