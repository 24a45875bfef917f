import type { AuthRequest, FunctionDefinition, FunctionStep, HttpStep, Step } from './document.ts'
import { DefinitionError } from './expression/definition-error.ts'
import { type CompiledHeaders, compileHeaders } from './expression/header.ts'
import { compileKey } from './expression/key.ts'
import { type CompiledResponseMapping, compileResponseMapping } from './expression/mapping.ts'
import { compilePath, PathError } from './expression/path.ts'
import { type CompiledQuery, compileQuery } from './expression/query.ts'
import type { InputScope } from './expression/scope.ts'
import type { PlaceholderRef } from './expression/template.ts'
import { type CompiledUrl, compileUrl } from './expression/url.ts'
import { type CompiledArgs, type CompiledValue, compileArgs, compileValue } from './expression/value.ts'
import { type Condition, compileCondition, type Test } from './run/condition.ts'

export type BodyType = NonNullable<HttpStep['bodyType']>

export interface ErrorRule {
  /** Whether a body with a good status means failure. */
  fails(body: unknown): boolean
  /** What stands at `message`; `undefined` where the rule has none or it selects nothing. */
  message(body: unknown): unknown
}

export interface ForEach {
  items: CompiledValue
  as: string
  /** Most items; a longer list fails the step. */
  limit: number
  /** Requests in flight at once. */
  concurrency: number
}

export interface CompiledHttpStep {
  kind: 'http'
  /** Place in `requests` or in the list of auth requests. */
  index: number
  /** JSON Pointer of the step. */
  pointer: string
  method: HttpStep['method']
  url: CompiledUrl
  query: CompiledQuery
  headers: CompiledHeaders
  body: { type: BodyType; template: CompiledValue } | undefined
  /** Whether the definition names a `Content-Type` itself. */
  ownContentType: boolean
  /** Lower-case names: templates with `[[…]]`, and the headers that always hold credentials. */
  credentialHeaders: readonly string[]
  credentialQuery: readonly string[]
  /** A `[[…]]` stands somewhere in the request: form input must not choose its host (2.1). */
  carriesCredential: boolean
  /** `{{idempotencyKey}}` stands somewhere in the request. */
  namesIdempotencyKey: boolean
  /** Of URL, query, headers and body. */
  placeholders: readonly PlaceholderRef[]
  mapping: CompiledResponseMapping
  /** Keys that the mapping gives, in order; `forEach` makes a list of each. */
  outputs: { key: string; inResult: boolean; rule: string }[]
  /** Outputs without which the answer counts as a failure: `uid` of `userDetails` (3.3). */
  requiredOutputs: readonly string[]
  /** What the answer yields is secret: records keep its shape only, and hide its outputs from then on (3.2). */
  secretOutputs: boolean
  /** Of a token request, the outputs that may hold a token: an answer that has none of them is a failure, whatever its status. */
  tokenOutputs: readonly string[]
  /** `{{webhookSecret}}` stands somewhere in the request. */
  namesWebhookSecret: boolean
  /** The answer may be form-encoded whatever its type says (3.4). */
  fieldsInText: boolean
  errorWhen: ErrorRule | undefined
  /** `auth.expiredWhen`; not where a token is asked for. */
  isExpired: ((answer: { status: number; body: unknown }) => boolean) | undefined
  retry: { attempts: number; on: readonly number[] | undefined }
  /** Milliseconds for one attempt. */
  timeoutMs: number
  when: ((scope: InputScope) => boolean) | undefined
  forEach: ForEach | undefined
}

export interface CompiledFunctionStep {
  kind: 'function'
  index: number
  pointer: string
  name: string
  function: FunctionDefinition
  args: CompiledArgs
}

export type CompiledStep = CompiledHttpStep | CompiledFunctionStep

/** Milliseconds until one attempt is given up, where the step does not say (4.2). */
export const DEFAULT_TIMEOUT_MS = 30_000
/** Attempts in all, the first one included (4.2). */
export const DEFAULT_ATTEMPTS = 3
/** Items of a `forEach` that does not say: more in one step is usually a mistake in its list (4.2). */
export const DEFAULT_FOR_EACH_LIMIT = 100
/** Requests of a `forEach` in flight, as many as a browser opens to one host (4.2). */
export const DEFAULT_FOR_EACH_CONCURRENCY = 5

/** What an HTTP step, an auth request and a source have in common. */
export type RequestTemplate = Omit<AuthRequest, 'type'>

export interface StepPlace {
  pointer: string
  index: number
  /** Parameters with `x-path: "segment"`. */
  segmentKeys?: ReadonlySet<string>
  isAuthRequest?: boolean
  requiredOutputs?: readonly string[]
  secretOutputs?: boolean
  tokenOutputs?: readonly string[]
  isExpired?: CompiledHttpStep['isExpired']
}

export interface StepContext {
  functions?: Readonly<Record<string, FunctionDefinition>> | undefined
}

/** @throws DefinitionError where the step cannot mean anything; validation reports the same first */
export function compileStep(step: Step, place: StepPlace, context: StepContext): CompiledStep {
  return step.type === 'function' ? compileFunctionStep(step, place, context) : compileHttpStep(step, place)
}

export function compileHttpStep(request: RequestTemplate, place: StepPlace): CompiledHttpStep {
  const { pointer, index, segmentKeys } = place
  const url = compileUrl(request.url, `${pointer}/url`, segmentKeys ? { segmentKeys } : {})
  const query = compileQuery(request.queryParams ?? {}, `${pointer}/queryParams`)
  const headers = compileHeaders(request.headers ?? {}, `${pointer}/headers`)
  const body = compileBody(request, pointer)
  const placeholders = [url, query, headers, body?.template].flatMap((part) => part?.placeholders ?? [])
  const names = (name: string) => placeholders.some(({ syntax, key }) => syntax === 'input' && key === name)
  const mapping = request.mapping ?? {}
  return {
    kind: 'http',
    index,
    pointer,
    method: request.method,
    url,
    query,
    headers,
    body,
    ownContentType: Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === 'content-type'),
    credentialHeaders: credentialHeaderNames(request.headers ?? {}, headers),
    credentialQuery: [...new Set([...url.credentialNames, ...query.credentialNames])],
    carriesCredential: placeholders.some((one) => one.syntax === 'credential'),
    namesIdempotencyKey: names('idempotencyKey'),
    placeholders,
    mapping: compileResponseMapping(mapping, `${pointer}/mapping`),
    outputs: Array.isArray(mapping)
      ? mapping.map(({ name, value }) => ({ key: name, inResult: false, rule: ruleText(value) }))
      : Object.entries(mapping).map(([key, rule]) => ({ key, inResult: true, rule: ruleText(rule) })),
    requiredOutputs: place.requiredOutputs ?? [],
    secretOutputs: place.secretOutputs ?? false,
    tokenOutputs: place.tokenOutputs ?? [],
    namesWebhookSecret: names('webhookSecret'),
    fieldsInText: place.isAuthRequest ?? false,
    errorWhen: request.errorWhen && compileErrorWhen(request.errorWhen, `${pointer}/errorWhen`),
    isExpired: place.isExpired,
    retry: { attempts: request.retry?.attempts ?? DEFAULT_ATTEMPTS, on: request.retry?.on },
    timeoutMs: request.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    when: request.when && compileWhen(request.when, `${pointer}/when`),
    forEach: request.forEach && compileForEach(request.forEach, `${pointer}/forEach`),
  }
}

/** Characters of a rule that records show: paths are shorter, and longer rules are found by their key. */
const SHOWN_RULE_CHARACTERS = 200

function ruleText(rule: unknown): string {
  return (typeof rule === 'string' ? rule : (JSON.stringify(rule) ?? '')).slice(0, SHOWN_RULE_CHARACTERS)
}

function compileFunctionStep(
  step: FunctionStep,
  place: StepPlace,
  context: StepContext,
): CompiledFunctionStep {
  const functions = context.functions ?? {}
  const found = Object.hasOwn(functions, step.name) ? functions[step.name] : undefined
  if (!found)
    throw new DefinitionError(`${place.pointer}/name`, `There is no function "${step.name}" in functions.`)
  return {
    kind: 'function',
    index: place.index,
    pointer: place.pointer,
    name: step.name,
    function: found,
    args: compileArgs(step.args ?? {}, `${place.pointer}/args`),
  }
}

/** GET and HEAD never carry a body; elsewhere an absent `body` sends none and `null` is a value (4.2). */
function compileBody(request: RequestTemplate, pointer: string): CompiledHttpStep['body'] {
  if (request.method === 'GET' || request.method === 'HEAD' || request.body === undefined) return undefined
  return { type: request.bodyType ?? 'json', template: compileValue(request.body, `${pointer}/body`) }
}

/** Sent to no undeclared host, whatever their templates are made of. */
const ALWAYS_CREDENTIAL = new Set(['authorization', 'proxy-authorization', 'cookie'])

function credentialHeaderNames(headers: Record<string, string>, compiled: CompiledHeaders): string[] {
  const always = Object.keys(headers).filter((name) => ALWAYS_CREDENTIAL.has(name.toLowerCase()))
  return [...new Set([...compiled.credentialHeaders, ...always].map((name) => name.toLowerCase()))]
}

function compileErrorWhen(rule: NonNullable<HttpStep['errorWhen']>, pointer: string): ErrorRule {
  const path = compiledPath(rule.path, `${pointer}/path`)
  const test = compileCondition(rule as Condition)
  const message = rule.message === undefined ? undefined : compiledPath(rule.message, `${pointer}/message`)
  return {
    fails: (body) => test(path.read(body)),
    message: (body) => message?.read(body),
  }
}

/** `key` reads as `{{key}}` does; `path` reads in the first source of the context that has something there. */
function compileWhen(rule: NonNullable<HttpStep['when']>, pointer: string): (scope: InputScope) => boolean {
  const test: Test = compileCondition(rule as Condition)
  if (rule.key !== undefined) {
    const find = compileKey(rule.key.trim())
    return (scope) => test(find(scope.sources))
  }
  const path = compiledPath(rule.path ?? '$', `${pointer}/path`)
  return (scope) => {
    for (const source of scope.sources) {
      const value = path.read(source)
      if (value !== undefined && !(path.multiple && (value as unknown[]).length === 0)) return test(value)
    }
    return test(path.multiple ? [] : undefined)
  }
}

function compileForEach(rule: NonNullable<HttpStep['forEach']>, pointer: string): ForEach {
  return {
    items: compileValue(rule.items, `${pointer}/items`),
    as: rule.as,
    limit: rule.limit ?? DEFAULT_FOR_EACH_LIMIT,
    concurrency: rule.concurrency ?? DEFAULT_FOR_EACH_CONCURRENCY,
  }
}

/** A path that validation has passed; its error says where the path stands. */
export function compiledPath(source: string, pointer: string): ReturnType<typeof compilePath> {
  try {
    return compilePath(source)
  } catch (error) {
    if (!(error instanceof PathError)) throw error
    throw new DefinitionError(pointer, error.message, { cause: error })
  }
}
