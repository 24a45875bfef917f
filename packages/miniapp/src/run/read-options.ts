import type { CompiledSource } from '../compile-source.ts'
import { MiniAppError } from '../errors.ts'
import type { ResponseSource } from '../expression/mapping.ts'
import { type Rec, typeName } from '../expression/own.ts'
import type { CompiledPath } from '../expression/path.ts'
import { setParameter } from '../request/url-query.ts'
import type { Effects, OutgoingRequest } from './effects.ts'
import { exchange, newTrace, type Trace } from './exchange.ts'
import { optionKeys } from './mapped-key.ts'
import type { Page, PagePosition } from './pagination.ts'
import { type RunContext, type RunOptions, RunState } from './run-state.ts'
import { recordTrace, type StepRecord, toStepError } from './step-record.ts'

export interface SourceOption {
  value: string | number
  label: string
}

export interface OptionsContext extends RunContext {
  /** Which `valueFields` entry is meant; absent and unknown ones mean `valueField`. */
  sourceRef?: string | undefined
}

export type OptionsOutcome =
  | { ok: true; options: SourceOption[]; step: StepRecord }
  | { ok: false; error: MiniAppError; step: StepRecord }

/** Pages that one form waits for; a longer list needs a `searchParam`. */
export const MAX_OPTION_PAGES = 10
/** Options of one dropdown, as many as anybody scrolls through. */
export const MAX_OPTIONS = 1_000

/**
 * Reads the options of a source (specification 4.5). `context.input` holds the parameters; only those that a parameter
 * with this `x-source` depends on, and the source's `searchParam`, reach the request. Never rejects.
 */
export async function readOptions(
  source: CompiledSource,
  context: OptionsContext,
  effects: Effects,
  options: RunOptions,
): Promise<OptionsOutcome> {
  const input = Object.fromEntries(Object.entries(context.input).filter(([name]) => source.params.has(name)))
  const state = new RunState({ ...context, input }, effects, options)
  const trace = newTrace()
  const startedAt = effects.now()
  const record: StepRecord = {
    index: 0,
    kind: 'http',
    status: 'ok',
    startedAt,
    durationMs: 0,
    attempts: trace.attempts,
    notes: [],
  }
  try {
    state.beginStep()
    const items = await readItems(source, state, input, trace)
    const valueField = source.valueFields.get(context.sourceRef ?? '') ?? source.valueField
    return { ok: true, options: optionsOf(items, valueField, source.labelField), step: record }
  } catch (thrown) {
    const error = toStepError(thrown, source.step, state)
    record.status = 'failed'
    record.error = { code: error.code, message: error.message }
    return { ok: false, error, step: record }
  } finally {
    recordTrace(record, trace, source.step, state.redact)
    if (trace.answer && trace.answer.status < 400) {
      record.mapping = optionKeys(source, trace.answer.body, state.redact)
    }
    record.durationMs = effects.now() - startedAt
  }
}

async function readItems(
  source: CompiledSource,
  state: RunState,
  input: Rec,
  trace: Trace,
): Promise<unknown[]> {
  const { pagination } = source
  const items: unknown[] = []
  let position: PagePosition | undefined = pagination?.first ?? {}
  let before: Page | undefined
  for (let count = 0; position && count < MAX_OPTION_PAGES && items.length < MAX_OPTIONS; count += 1) {
    const at: PagePosition = position
    const adjust = (request: OutgoingRequest): OutgoingRequest => {
      const searched = withSearch(request, source.sentSearchParam, input)
      return pagination ? pagination.apply(searched, at) : searched
    }
    const answer = await exchange(source.step, state, { adjust }, trace)
    const { originalUrl } = state.effects
    const page: Page = {
      source: answer,
      items: listIn(source, answer),
      url: trace.built?.request.url ?? '',
      ...(originalUrl && { originalUrl }),
    }
    position = pagination?.next(at, page, before)
    if (!pagination?.isEcho?.(page, before)) items.push(...page.items)
    before = page
  }
  return items
}

function withSearch(request: OutgoingRequest, name: string | undefined, input: Rec): OutgoingRequest {
  const text = name === undefined ? undefined : input[name]
  if (name === undefined || text === undefined || text === null || text === '') return request
  return { ...request, url: setParameter(request.url, name, String(text)) }
}

function listIn(source: CompiledSource, { body }: ResponseSource): unknown[] {
  const found = source.dataPath ? source.dataPath.read(body) : body
  if (Array.isArray(found)) return found
  if (found === null) return []
  const place = source.dataPath ? `at the dataPath "${source.dataPath.source}"` : 'at the root of the answer'
  throw new MiniAppError(
    'EXTERNAL_API_ERROR',
    `The options are to be a list ${place}; there is ${typeName(found)}.`,
    {
      path: `${source.pointer}/dataPath`,
    },
  )
}

/** Items without a value are left out; a label that is missing falls back to the value (specification 4.5). */
function optionsOf(
  items: readonly unknown[],
  valueField: CompiledPath,
  labelField: CompiledPath,
): SourceOption[] {
  const options: SourceOption[] = []
  for (const item of items) {
    const value = valueField.read(item)
    if (!isOptionValue(value)) continue
    const label = labelField.read(item)
    options.push({ value, label: isOptionValue(label) ? String(label) : String(value) })
    if (options.length === MAX_OPTIONS) break
  }
  return options
}

function isOptionValue(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
}
