import type { CompiledHttpStep } from '../compile-step.ts'
import { MiniAppError } from '../errors.ts'
import type { ComputeCall, ComputedValues, ResponseSource } from '../expression/mapping.ts'
import { type Rec, readOwn } from '../expression/own.ts'
import { providerErrorCode, providerMessage, wordsOf } from '../request/provider-message.ts'
import { textsIn } from '../request/redact.ts'
import { isAboutToken } from '../secret-names.ts'
import { type ExchangeValues, exchange, newTrace, type Trace } from './exchange.ts'
import { collectYields, itemsOf, mapConcurrently, type StepYield } from './for-each.ts'
import type { RunState } from './run-state.ts'
import { recordTrace, type StepRecord } from './step-record.ts'
import { isEmpty } from './token-answer.ts'

/**
 * Runs an HTTP step, once or for each item of its list, and fills in its record, also where it fails.
 *
 * @throws MiniAppError, SendError
 */
export function runHttpStep(
  step: CompiledHttpStep,
  state: RunState,
  record: StepRecord,
): Promise<StepYield> | undefined {
  if (step.when && !step.when(state.scopes({}).input)) {
    record.status = 'skipped'
    return undefined
  }
  return step.forEach ? runForEach(step as LoopStep, state, record) : runOnce(step, state, record)
}

type LoopStep = CompiledHttpStep & { forEach: NonNullable<CompiledHttpStep['forEach']> }

async function runOnce(step: CompiledHttpStep, state: RunState, record: StepRecord): Promise<StepYield> {
  const trace = newTrace()
  try {
    return await requestAndMap(step, state, {}, trace)
  } finally {
    record.attempts = trace.attempts
    recordTrace(record, trace, step, state.redact)
  }
}

async function runForEach(step: LoopStep, state: RunState, record: StepRecord): Promise<StepYield> {
  const items = itemsOf(step, state)
  const traces = items.map(newTrace)
  let shown: Trace | undefined
  record.items = items.length
  try {
    const yields = await mapConcurrently(items, step.forEach.concurrency, async (item, index) => {
      const trace = traces[index] ?? newTrace()
      try {
        return await requestAndMap(step, state, { loopItem: { [step.forEach.as]: item } }, trace)
      } catch (error) {
        shown ??= trace
        throw error
      }
    })
    return collectYields(step, yields)
  } finally {
    record.attempts = traces.flatMap(({ attempts }, item) =>
      attempts.map((attempt) => ({ ...attempt, item })),
    )
    const trace = shown ?? traces[0]
    if (trace) recordTrace(record, trace, step, state.redact)
  }
}

async function requestAndMap(
  step: CompiledHttpStep,
  state: RunState,
  values: ExchangeValues,
  trace: Trace,
): Promise<StepYield> {
  const source = await exchange(step, state, values, trace)
  const startedAt = state.effects.now()
  const calls = step.mapping.computeCalls(source)
  const computed = calls.length === 0 ? undefined : await runComputes(calls, state, trace)
  const { result, outputs, notes } = applied(step, source, computed, trace)
  trace.phases.mapMs = state.effects.now() - startedAt
  trace.notes.push(...notes)
  if (step.secretOutputs) state.hide(secretsIn(outputs))
  requireOutputs(step, outputs, source, state)
  return { result, outputs }
}

/** What the entries have is kept also where one of them fails the step. */
function applied(
  step: CompiledHttpStep,
  source: ResponseSource,
  computed: ComputedValues | undefined,
  trace: Trace,
) {
  try {
    const mapped = step.mapping.apply(source, computed)
    trace.outputs = mapped.outputs
    return mapped
  } catch (error) {
    trace.outputs = step.mapping.look(source, computed)
    throw error
  }
}

/** `compute` rules: one function call each, what it returned by the call's id (specification 2.4). */
async function runComputes(
  calls: readonly ComputeCall[],
  state: RunState,
  trace: Trace,
): Promise<ComputedValues> {
  const values = new Map<string, unknown>()
  for (const { id, fn, args } of calls) {
    const definition = readOwn(state.context.functions, fn) as { params: string[]; code: string } | undefined
    if (!definition) continue
    const { outcome, logs } = await state.callFunction(fn, definition, args)
    if (logs !== '') trace.logs.push(logs)
    values.set(id, outcome.ok ? outcome.value : new Error(outcome.message))
  }
  return values
}

function secretsIn(outputs: Rec): string[] {
  return textsIn(Object.entries(outputs).flatMap(([key, value]) => (isAboutToken(key) ? [] : [value])))
}

/**
 * A provider that answers 200 to a bad token says who it is not by leaving the id out (specification 3.3), and one that
 * answers 200 to a bad grant gives no token.
 */
function requireOutputs(step: CompiledHttpStep, outputs: Rec, source: ResponseSource, state: RunState): void {
  const missing = step.requiredOutputs.find((key) => isEmpty(readOwn(outputs, key)))
  if (missing !== undefined) {
    const isThere = readOwn(outputs, missing) !== undefined
    throw unfit(step, source, state, { lack: `named no ${missing}`, ...(!isThere && { notFound: missing }) })
  }
  const { tokenOutputs } = step
  if (tokenOutputs.length === 0) return
  const error = readOwn(source.body, 'error')
  if (
    (typeof error === 'string' && error !== '') ||
    tokenOutputs.every((key) => isEmpty(readOwn(outputs, key)))
  )
    throw unfit(step, source, state, { lack: `gave no ${tokenOutputs.join(' or ')}` })
}

/** A good status whose body is a failure. */
function unfit(
  step: CompiledHttpStep,
  source: ResponseSource,
  state: RunState,
  { lack, notFound }: { lack: string; notFound?: string },
): MiniAppError {
  const isToken = step.tokenOutputs.length > 0
  const said = providerMessage(isToken ? wordsOf(source.body) : source.body, state.redact)
  const code = providerErrorCode(source.body)
  const details = {
    status: source.status,
    ...(said !== undefined && { providerMessage: said }),
    ...(code !== undefined && { providerError: code }),
    ...(notFound !== undefined && { notFound }),
  }
  const message = said ?? `The provider answered ${source.status} and ${lack}.`
  return new MiniAppError('EXTERNAL_API_ERROR', message, { path: `${step.pointer}/mapping`, details })
}
