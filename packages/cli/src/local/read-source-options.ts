import { type CompiledSource, MiniAppError, readOptions } from 'miniapp'
import type { Outcome } from '../outcome.ts'
import { optionsOutcome, type SourceOption } from '../render/source.ts'
import type { ReportedStep, RunReport } from '../run-report.ts'
import type { Shell } from '../shell.ts'
import { bagsFor } from './bags.ts'
import { type Given, optionsWith, readGiven } from './given.ts'
import type { LocalApp } from './load-app.ts'
import { localReport } from './local-report.ts'
import { runContextOf } from './run-context.ts'
import { type LocalOptions, type LocalRuntime, withRuntime } from './runtime.ts'

type Rec = Record<string, unknown>

/** Milliseconds that a form would wait for its dropdown, as on the server. */
const OPTIONS_DEADLINE_MS = 30_000

export interface SourceCall {
  source: string
  params: Rec
  /** Picks another value field (`valueFields`). */
  sourceRef?: string | undefined
  verbose: boolean
}

/**
 * Reads the options of a source on this machine.
 *
 * @throws CliError for options that cannot be used
 */
export async function readSourceHere(
  app: LocalApp,
  call: SourceCall,
  options: LocalOptions,
  shell: Shell,
): Promise<Outcome> {
  const given = await readGiven(app, options.credential ?? [], shell)
  const { report, found } = await sourceHere(app, call, { given, options })
  return optionsOutcome(report, { options: found })
}

/** The reading itself; `found` is `null` where it failed. @throws CliError for options that cannot be used */
export function sourceHere(
  app: LocalApp,
  call: SourceCall,
  { given, options }: { given: Given; options: LocalOptions },
): Promise<{ report: RunReport; found: SourceOption[] | null }> {
  return withRuntime(optionsWith(given, options), async (runtime) => {
    const startedAt = performance.now()
    const answer = await attempt(app, call, given, runtime)
    const { steps } = answer
    const error = 'error' in answer ? answer.error : undefined
    const report = localReport(
      app,
      { source: call.source },
      { steps, error, startedAt, verbose: call.verbose },
    )
    return { report, found: 'options' in answer ? answer.options : null }
  })
}

type Found =
  | { options: { value: string | number; label: string }[]; steps: ReportedStep[] }
  | { error: MiniAppError; steps: ReportedStep[] }

async function attempt(app: LocalApp, call: SourceCall, given: Given, runtime: LocalRuntime): Promise<Found> {
  const { compiled } = app
  const source = compiled.sources.get(call.source)
  if (!source) return { error: sourceNotFound(app, call.source), steps: [] }
  const unknown = unknownParam(source, call.params)
  if (unknown) return { error: unknown, steps: [] }
  const requests = compiled.definition.source?.[call.source]
  try {
    const inputs = Object.keys(call.params)
    const bags = await bagsFor(app, given, { requests, inputs }, runtime)
    const context = runContextOf(app, { bags, given }, call.params, runtime)
    const outcome = await readOptions(source, { ...context, sourceRef: call.sourceRef }, runtime.effects, {
      deadlineMs: OPTIONS_DEADLINE_MS,
      allowHttp: runtime.allowHttp,
    })
    return outcome.ok
      ? { options: outcome.options, steps: [outcome.step] }
      : { error: outcome.error, steps: [outcome.step] }
  } catch (error) {
    if (error instanceof MiniAppError) return { error, steps: [] }
    throw error
  }
}

function sourceNotFound({ compiled }: LocalApp, name: string): MiniAppError {
  const names = [...compiled.sources.keys()]
  const list = names.length > 0 ? `Its sources are: ${names.join(', ')}.` : 'It has none.'
  return new MiniAppError('VALIDATION_ERROR', `"${compiled.ns}" has no source "${name}". ${list}`)
}

/** A server drops parameters that no form sends; an author wants to know. */
function unknownParam(source: CompiledSource, params: Rec): MiniAppError | undefined {
  const unknown = Object.keys(params).find((name) => !source.params.has(name))
  if (unknown === undefined) return undefined
  const names = [...source.params]
  const list =
    names.length > 0
      ? `It takes: ${names.join(', ')}.`
      : 'It takes none: only names in "x-depends-on" of a parameter with this source, and its searchParam, are passed on.'
  return new MiniAppError('VALIDATION_ERROR', `"${source.key}" takes no parameter "${unknown}". ${list}`, {
    path: source.pointer,
  })
}
