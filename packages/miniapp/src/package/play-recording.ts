import type { CompiledDefinition } from '../compile.ts'
import { mappedKeys } from '../compile-auth.ts'
import type { CompiledStep } from '../compile-step.ts'
import type { MiniAppError } from '../errors.ts'
import { createRedactor } from '../request/redact.ts'
import { type Effects, type IncomingResponse, type OutgoingRequest, SendError } from '../run/effects.ts'
import { readOptions } from '../run/read-options.ts'
import type { RunContext } from '../run/run-state.ts'
import { runSteps } from '../run/run-steps.ts'
import type { RecordedPart } from './recorded-part.ts'
import {
  RECORDED_CONFIG,
  RECORDED_CREDENTIAL,
  RECORDED_FLOW,
  RECORDED_SYSTEM,
  RECORDED_TIME,
  RECORDED_UUID,
} from './recorded-values.ts'
import type { ExpectedError, PlayableRecording, RecordedExchange } from './recording.ts'

/** What a definition does, given the answers of a recording. */
export interface Played {
  /** In the order in which they were sent. */
  requests: OutgoingRequest[]
  /** In the words of `expected`; an error with all that can be expected of one, and its sentence. */
  end:
    | { data: Record<string, unknown> }
    | { options: object[] }
    | { error: ExpectedError & { message: string } }
}

/** What is borrowed from the caller: where App Functions run. */
export type RunFunction = Effects['runFunction']

/** Milliseconds of the recording's own clock, as a server gives an action. */
const OPTIONS = { deadlineMs: 60_000 }

/** Runs a part, answering each request with the recording's next answer. Never rejects. */
export async function playRecording(
  compiled: CompiledDefinition,
  part: RecordedPart,
  recording: PlayableRecording,
  runFunction: RunFunction,
): Promise<Played> {
  const requests: OutgoingRequest[] = []
  const effects = recordedEffects(recording.exchanges, requests, runFunction)
  return { requests, end: await play(compiled, part, recording, effects) }
}

async function play(
  compiled: CompiledDefinition,
  part: RecordedPart,
  { input = {}, userInput = {}, metadata = {} }: PlayableRecording,
  effects: Effects,
): Promise<Played['end']> {
  if (part.kind === 'source') {
    const context = contextFor(compiled, { input, userInput, metadata })
    const answer = await readOptions(part.source, context, effects, OPTIONS)
    return answer.ok ? { options: answer.options } : { error: errorOf(answer.error) }
  }
  if (part.kind === 'auth') {
    const context = contextFor(compiled, { input: {}, userInput: { ...userInput, ...input }, metadata })
    return endOf(part.steps, { ...context, authValues: RECORDED_FLOW, isAuthRequest: true }, effects)
  }
  const coerced = part.action.coerceInput(input)
  if (coerced.ok) {
    const context = contextFor(compiled, { input: coerced.input, userInput, metadata })
    return endOf(part.action.steps, context, effects)
  }
  const fields = coerced.fields.map((field) => field.path).sort()
  const message = coerced.fields.map((field) => field.message).join('; ')
  return { error: { code: 'VALIDATION_ERROR', message, fields } }
}

async function endOf(
  steps: readonly CompiledStep[],
  context: RunContext,
  effects: Effects,
): Promise<Played['end']> {
  const outcome = await runSteps(steps, context, effects, OPTIONS)
  return outcome.error ? { error: errorOf(outcome.error) } : { data: outcome.data }
}

function errorOf({ code, message, details }: MiniAppError): ExpectedError & { message: string } {
  const { status, providerMessage } = details
  return {
    code,
    message,
    ...(status !== undefined && { status }),
    ...(providerMessage !== undefined && { providerMessage }),
  }
}

type Values = Record<string, unknown>

interface RunValues {
  input: Values
  userInput: Values
  metadata: Values
}

function contextFor(compiled: CompiledDefinition, { input, userInput, metadata }: RunValues): RunContext {
  const { auth } = compiled.definition
  const mapped = [auth.get_token, ...(auth.registrationRequests ?? [])].flatMap(mappedKeys)
  const passwords = Object.keys(auth.form ?? {}).filter((name) => auth.form?.[name]?.type === 'password')
  const names = [...(auth.sensitiveKeys ?? []), ...passwords, ...mapped]
  const secrets = names.map((name) => [name, RECORDED_CREDENTIAL])
  const declared = Object.entries(auth.config ?? {}).filter(([, value]) => value !== '')
  const bags = {
    credentials: { ...Object.fromEntries(secrets), ...userInput },
    metadata,
    userInput,
    config: { ...Object.fromEntries(declared), ...RECORDED_CONFIG },
  }
  return {
    bags,
    input,
    system: RECORDED_SYSTEM,
    allowedHosts: compiled.declaredHosts(bags),
    redact: createRedactor(compiled.secretsOf(bags)),
    functions: compiled.definition.functions,
  }
}

function recordedEffects(
  exchanges: readonly RecordedExchange[],
  requests: OutgoingRequest[],
  runFunction: RunFunction,
): Effects {
  let now = Date.parse(RECORDED_TIME)
  return {
    async send(request) {
      const exchange = exchanges[requests.push(request) - 1]
      if (exchange) return answerOf(exchange, request)
      throw new SendError('blocked', 'The recording has no answer to this request.')
    },
    runFunction,
    now: () => now,
    random: () => 0.5,
    async sleep(ms) {
      now += ms
    },
    uuid: () => RECORDED_UUID,
  }
}

const JSON_TYPE = /json/i

function answerOf({ response }: RecordedExchange, { url }: OutgoingRequest): IncomingResponse {
  const { status, body = null } = response
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const isText = typeof body === 'string' && !JSON_TYPE.test(headers['content-type'] ?? '')
  const text = body === null ? '' : isText ? body : JSON.stringify(body)
  return { status, headers, body: new TextEncoder().encode(text), url }
}
