/** What is known of a failed run, gathered once for the rules that explain it. */
import type { CompiledDefinition } from '../compile.ts'
import type { CompiledHttpStep, CompiledStep } from '../compile-step.ts'
import type { MiniAppError } from '../errors.ts'
import { parseJson } from '../expression/json.ts'
import { rootNameOf } from '../expression/key.ts'
import { isObject, type Rec, readOwn } from '../expression/own.ts'
import type { PlaceholderRef } from '../expression/template.ts'
import type { StepRecord } from './step-record.ts'

/** What was run: an action or a source by its name, or the auth requests of a connect. */
export type RunPart = { action: string } | { source: string } | { connect: true }

export interface FailedRun {
  error: Pick<MiniAppError, 'code' | 'message' | 'retryable' | 'details' | 'path'>
  part: RunPart
  /** Absent where nothing was run, because there is no install. */
  compiled?: CompiledDefinition
  /** As far as the run came. */
  steps: readonly StepRecord[]
}

/** Who gives the value of a `{{…}}`. */
export type Giver = 'input' | 'connection' | 'step' | 'nobody'

export interface Facts extends Omit<FailedRun, 'compiled' | 'steps'> {
  /** The compiled step that failed. */
  step: CompiledStep | undefined
  /** Its record, where it was begun. */
  record: StepRecord | undefined
  /** HTTP status of the answer that was judged. */
  status: number | undefined
  /** The provider's own words and error code, in lower case; `''` where it said nothing. */
  said: string
  /** Whether the request may have changed something at the provider. */
  writes: boolean
  giverOf(key: string): Giver
  /** Names of inputs whose values stand in the URL of the step. */
  inputsInUrl: readonly string[]
  /** Names of inputs that the provider's answer names. */
  inputsNamed: readonly string[]
  /** Who gives what the host of the URL is made of; `nobody` where it is literal. */
  hostGiver: Giver
  /** The answer is a web page; it is labelled JSON and is none. */
  isPage: boolean
  isBrokenJson: boolean
  /** Names of credentials that an auth request or the connect form is to give. */
  isFormField(name: string): boolean
  isAuthOutput(name: string): boolean
}

export function factsOf({ error, part, compiled, steps }: FailedRun): Facts {
  const step = compiled && stepOf(compiled, part, error.details)
  const record = steps.at(-1)
  const inputs = compiled ? inputNames(compiled, part) : new Set<string>()
  const givers = compiled ? giversOf(compiled, part) : new Map<string, Giver>()
  const giverOf = (key: string) => givers.get(rootNameOf(key)) ?? 'nobody'
  const placeholders = step?.kind === 'http' ? step.placeholders : []
  const inUrl = placeholders.filter(({ place }) => isInUrl(place))
  const { status, providerMessage = '', providerError = '' } = error.details
  return {
    error,
    part,
    step,
    record,
    status: typeof status === 'number' ? status : undefined,
    said: `${providerError} ${providerMessage}`.trim().toLowerCase(),
    writes: 'action' in part && step?.kind === 'http' && step.method !== 'GET' && step.method !== 'HEAD',
    giverOf,
    inputsInUrl: unique(inUrl, (key) => inputs.has(key)),
    inputsNamed: [...inputs].filter((name) => isNamed(name, providerMessage, record)),
    hostGiver: hostGiverOf(placeholders, giverOf),
    isPage: isPage(record),
    isBrokenJson: record?.notes.some(({ field }) => field === '$') ?? false,
    isFormField: (name) => compiled !== undefined && Object.hasOwn(compiled.auth.form, name),
    isAuthOutput: (name) => compiled?.auth.tokenKeys.has(name) ?? false,
  }
}

function stepOf(
  { actions, sources, auth }: CompiledDefinition,
  part: RunPart,
  { step: index, request }: MiniAppError['details'],
): CompiledStep | undefined {
  if (request === 'refresh_token') return auth.refreshToken
  if ('source' in part) return sources.get(part.source)?.step
  if ('action' in part) {
    const steps = actions.get(part.action)?.steps ?? []
    return steps.find((one) => one.index === index)
  }
  const named: Readonly<Record<string, CompiledHttpStep | undefined>> = {
    get_token: auth.getToken,
    test_token: auth.testToken,
    userDetails: auth.userDetails,
  }
  return typeof request === 'string' ? (readOwn(named, request) as CompiledHttpStep | undefined) : undefined
}

/** What whoever ran it could fill in. */
function inputNames({ definition, sources, auth }: CompiledDefinition, part: RunPart): ReadonlySet<string> {
  if ('source' in part) return sources.get(part.source)?.params ?? new Set()
  if ('connect' in part) return new Set(Object.keys(auth.form))
  const action = definition.actions?.find(({ name }) => name === part.action)
  return new Set(Object.keys(action?.parameters?.properties ?? {}))
}

/** The first that gives a name wins, as in the scope of a request. */
function giversOf(compiled: CompiledDefinition, part: RunPart): ReadonlyMap<string, Giver> {
  const { auth, actions } = compiled
  const givers = new Map<string, Giver>()
  const add = (giver: Giver, names: Iterable<string>) => {
    for (const name of names) if (!givers.has(name)) givers.set(name, giver)
  }
  add('input', inputNames(compiled, part))
  const steps = 'action' in part ? (actions.get(part.action)?.steps ?? []) : []
  for (const step of steps) {
    if (step.kind === 'http')
      add('step', [...step.outputs.map(({ key }) => key), ...(step.forEach ? [step.forEach.as] : [])])
  }
  add('connection', Object.keys(auth.form))
  add('connection', auth.userDetails?.outputs.map(({ key }) => key) ?? [])
  return givers
}

const ORIGIN_PLACES: ReadonlySet<PlaceholderRef['place']> = new Set(['scheme', 'host', 'port', 'origin'])

function isInUrl(place: PlaceholderRef['place']): boolean {
  return place === 'path' || place === 'query' || ORIGIN_PLACES.has(place)
}

function hostGiverOf(placeholders: readonly PlaceholderRef[], giverOf: Facts['giverOf']): Giver {
  const [first] = placeholders.filter(({ place }) => ORIGIN_PLACES.has(place))
  if (!first) return 'nobody'
  return first.syntax === 'credential' ? 'connection' : giverOf(first.key)
}

function unique(placeholders: readonly PlaceholderRef[], isWanted: (name: string) => boolean): string[] {
  const names = placeholders.filter(({ syntax }) => syntax === 'input').map(({ key }) => rootNameOf(key))
  return [...new Set(names)].filter(isWanted)
}

function isPage(record: StepRecord | undefined): boolean {
  if (!record?.response) return false
  const { headers, body } = record.response
  return /\bhtml\b/i.test(headers['content-type'] ?? '') || /^\s*<(!doctype|html)\b/i.test(body)
}

/** Members of an answer under which providers say what is wrong with which field. */
const ERROR_MEMBERS = ['errors', 'error', 'fields', 'details', 'invalid', 'violations', 'issues']

/** Whether the provider names an input: in its message, else where its answer lists what is wrong. */
function isNamed(name: string, message: string, record: StepRecord | undefined): boolean {
  const words = wordsOf(name)
  if (words === '' || wordsOf(message).includes(words)) return words !== ''
  return wordsOf(errorMembersOf(record?.response?.body)).includes(words)
}

function errorMembersOf(body: string | undefined): string {
  if (body === undefined || !body.trimStart().startsWith('{')) return ''
  const parsed = parsedOrNothing(body)
  if (!isObject(parsed)) return ''
  return ERROR_MEMBERS.map((name) => readOwn(parsed as Rec, name))
    .filter((member) => typeof member === 'object' && member !== null)
    .map((member) => JSON.stringify(member))
    .join(' ')
}

/** Bodies of records are cut, so that what is no JSON any more is no surprise. */
function parsedOrNothing(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** `_issue_number_` of `issueNumber`, `Issue number` and `issue-number`, so that whole words can be found. */
function wordsOf(text: string): string {
  const words = text
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')
  return words.length === 0 ? '' : `_${words.join('_')}_`
}
