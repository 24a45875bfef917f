import { readdirSync, readFileSync } from 'node:fs'
import { getQuickJS } from 'quickjs-emscripten'
import { beforeAll, describe, expect, test } from 'vitest'
import { type CompiledDefinition, compileDefinition } from '../src/compile.ts'
import { mappedKeys } from '../src/compile-auth.ts'
import type { CompiledStep } from '../src/compile-step.ts'
import type { Definition, ParameterSchema } from '../src/document.ts'
import type { MiniAppError } from '../src/errors.ts'
import { createRedactor } from '../src/request/redact.ts'
import type { Effects, IncomingResponse, OutgoingRequest } from '../src/run/effects.ts'
import { evaluateFunction } from '../src/run/evaluate-function.ts'
import { readOptions } from '../src/run/read-options.ts'
import type { RunContext } from '../src/run/run-state.ts'
import { runSteps } from '../src/run/run-steps.ts'
import { validate } from '../src/validate.ts'

const CATALOG = new URL('../../../catalog/', import.meta.url)
const OPTIONS = { deadlineMs: 60_000 }
/** Stands for every credential; fixtures hold none. */
const CREDENTIAL = 'credential-of-the-install'
/** What the platform knows in auth requests, and the operator's config; see `catalog/README.md`. */
const FLOW = {
  code: 'code-of-the-flow',
  code_verifier: 'verifier-of-the-flow',
  redirect_uri: 'https://platform.example/oauth2',
  webhookUrl: 'https://platform.example/webhooks',
  webhookSecret: 'secret-of-the-webhook',
}
const CONFIG = { client_id: 'client-of-the-app' }
/** In the order in which a connection lives through them. */
const AUTH_PARTS = [
  'get_token',
  'test_token',
  'userDetails',
  'refresh_token',
  'registrationRequests',
  'unregistrationRequests',
] as const
/** A fixture is about one moment; nothing in it depends on which. */
const NOW = Date.parse('2026-01-02T03:04:05Z')

/** See `catalog/README.md`. */
interface Fixture {
  documentation: string
  verified: boolean
  action?: string
  source?: string
  auth?: (typeof AUTH_PARTS)[number]
  input?: Record<string, unknown>
  exchanges: {
    request: { method: string; url: string; headers: string[]; body?: unknown }
    response: { status: number; headers: Record<string, string>; body: unknown }
  }[]
  expected: {
    data?: Record<string, unknown>
    options?: { value: string | number; label: string }[]
    error?: ExpectedError
  }
}

interface ExpectedError {
  code: string
  message?: string
  status?: number
  providerMessage?: string
  fields?: string[]
}

const readJson = (path: string) => JSON.parse(readFileSync(new URL(path, CATALOG), 'utf8'))
const apps = readdirSync(CATALOG, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name: ns }) => ({ ns, definition: readJson(`${ns}/miniapp.json`) as Definition }))
const fixturesOf = (ns: string) =>
  readdirSync(new URL(`${ns}/fixtures/`, CATALOG)).map((file) => ({
    file,
    fixture: readJson(`${ns}/fixtures/${file}`) as Fixture,
  }))

describe.each(apps)('$ns', ({ ns, definition }) => {
  const fixtures = fixturesOf(ns)

  test('validates without a finding', () => {
    expect(validate(definition)).toEqual([])
    expect(definition.ns).toBe(ns)
  })

  test('has a fixture for every action, source and auth request, and no fixture of anything else', () => {
    const parts = [
      ...(definition.actions ?? []).map((action) => action.name),
      ...Object.keys(definition.source ?? {}),
      ...AUTH_PARTS.filter((name) => definition.auth[name]).map((name) => `auth.${name}`),
    ]
    const covered = new Set(fixtures.map(({ fixture }) => partOf(fixture)))
    expect([...covered].sort()).toEqual(parts.sort())
  })

  test('gives every field of every form a title and an explanation', () => {
    for (const action of definition.actions ?? []) {
      for (const [name, field] of Object.entries(action.parameters?.properties ?? {})) {
        expect.soft(field, `${action.name}.${name}`).toMatchObject({
          title: expect.stringMatching(/^\S.{0,39}$/),
          description: expect.stringMatching(/^\S.*\S$/),
        } satisfies ParameterSchema)
      }
    }
  })

  let compiled: CompiledDefinition
  beforeAll(() => {
    compiled = compileDefinition(definition)
  })

  test.each(fixtures)('$file', async ({ file, fixture }) => {
    expect(file).toMatch(new RegExp(`^${partOf(fixture).replaceAll('.', '\\.')}(\\.[a-z_]+)?\\.json$`))
    expect(fixture.documentation).toMatch(/^https:\/\//)
    expect(typeof fixture.verified).toBe('boolean')
    const { effects, requests } = await playEffects(fixture)
    const outcome = await run(compiled, fixture, effects)
    expect(requests.map(describeRequest)).toEqual(
      fixture.exchanges.map(({ request }) => ({ ...request, headers: [...request.headers].sort() })),
    )
    for (const { headers, url } of requests) {
      if (!isTokenEndpoint(definition, url)) expect(headers['Authorization']).toBe(`Bearer ${CREDENTIAL}`)
    }
    expect(outcome).toEqual(fixture.expected)
  })
})

function partOf({ action, source, auth }: Fixture): string {
  return action ?? source ?? `auth.${auth}`
}

function isTokenEndpoint({ auth }: Definition, url: string): boolean {
  return [auth.get_token?.url, auth.refresh_token?.url].includes(url)
}

function contextFor(
  compiled: CompiledDefinition,
  { input = {}, userInput = {} }: { input?: Record<string, unknown>; userInput?: Record<string, unknown> },
): RunContext {
  const { auth } = compiled.definition
  const names = [auth.get_token, ...(auth.registrationRequests ?? [])].flatMap(mappedKeys)
  const secrets = [...(auth.sensitiveKeys ?? []), ...names].map((name) => [name, CREDENTIAL])
  const credentials = { ...Object.fromEntries(secrets), ...userInput }
  const bags = { credentials, metadata: {}, userInput, config: CONFIG }
  return {
    bags,
    input,
    system: { subdomain: 'acme' },
    allowedHosts: compiled.declaredHosts(bags),
    redact: createRedactor(compiled.secretsOf(bags)),
    functions: compiled.definition.functions,
  }
}

/** Runs what the fixture names and answers in the words of `expected`. */
async function run(
  compiled: CompiledDefinition,
  fixture: Fixture,
  effects: Effects,
): Promise<Fixture['expected']> {
  const { input = {}, expected } = fixture
  if (fixture.source !== undefined) {
    const source = required(compiled.sources.get(fixture.source))
    const answer = await readOptions(source, contextFor(compiled, { input }), effects, OPTIONS)
    return answer.ok ? { options: answer.options } : { error: describeError(answer.error, expected.error) }
  }
  if (fixture.auth !== undefined) {
    const context = { ...contextFor(compiled, { userInput: input }), authValues: FLOW, isAuthRequest: true }
    const outcome = await runSteps(authSteps(compiled, fixture.auth), context, effects, OPTIONS)
    return outcome.error ? { error: describeError(outcome.error, expected.error) } : { data: outcome.data }
  }
  const action = required(compiled.actions.get(fixture.action ?? ''))
  const coerced = action.coerceInput(input)
  if (!coerced.ok) {
    return { error: { code: 'VALIDATION_ERROR', fields: coerced.fields.map((field) => field.path).sort() } }
  }
  const context = contextFor(compiled, { input: coerced.input })
  const outcome = await runSteps(action.steps, context, effects, OPTIONS)
  return outcome.error ? { error: describeError(outcome.error, expected.error) } : { data: outcome.data }
}

function authSteps({ auth }: CompiledDefinition, name: (typeof AUTH_PARTS)[number]) {
  const steps: Record<(typeof AUTH_PARTS)[number], readonly (CompiledStep | undefined)[]> = {
    get_token: [auth.getToken],
    test_token: [auth.testToken],
    userDetails: [auth.userDetails],
    refresh_token: [auth.refreshToken],
    registrationRequests: auth.registrationRequests,
    unregistrationRequests: auth.unregistrationRequests,
  }
  return steps[name].map(required)
}

/** Of the error, the members that the fixture speaks of; all of them where it expects none. */
function describeError(error: MiniAppError, spokenOf: Fixture['expected']['error']): ExpectedError {
  const { status, providerMessage } = error.details
  return {
    code: error.code,
    ...((!spokenOf || 'message' in spokenOf) && { message: error.message }),
    ...((!spokenOf || 'status' in spokenOf) && status !== undefined && { status }),
    ...((!spokenOf || 'providerMessage' in spokenOf) && providerMessage !== undefined && { providerMessage }),
  }
}

/** Effects that answer each request with the fixture's next response, and keep what was sent. */
async function playEffects(fixture: Fixture): Promise<{ effects: Effects; requests: OutgoingRequest[] }> {
  const requests: OutgoingRequest[] = []
  const engine = await getQuickJS()
  const effects: Effects = {
    async send(request) {
      const exchange = fixture.exchanges[requests.push(request) - 1]
      if (!exchange) throw new Error(`No answer is left for ${request.method} ${request.url}`)
      const { status, headers, body } = exchange.response
      const bytes = body === null ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body))
      return { status, headers, body: bytes, url: request.url } satisfies IncomingResponse
    },
    runFunction: async (call) => evaluateFunction(engine, call),
    now: () => NOW,
    random: () => 0.5,
    sleep: () => Promise.reject(new Error('Nothing in a fixture waits.')),
    uuid: () => '00000000-0000-4000-8000-000000000000',
  }
  return { effects, requests }
}

function describeRequest({
  method,
  url,
  headers,
  body,
}: OutgoingRequest): Fixture['exchanges'][number]['request'] {
  const names = Object.keys(headers).sort()
  if (body === undefined) return { method, url, headers: names }
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  const isJson = /json/.test(headers['Content-Type'] ?? headers['content-type'] ?? '')
  return { method, url, headers: names, body: isJson ? JSON.parse(text) : text }
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('The definition has no such part.')
  return value
}
