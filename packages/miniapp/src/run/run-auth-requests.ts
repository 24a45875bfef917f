import type { CompiledDefinition } from '../compile.ts'
import type { CompiledHttpStep } from '../compile-step.ts'
import { MiniAppError } from '../errors.ts'
import type { Rec } from '../expression/own.ts'
import type { Bags } from '../expression/scope.ts'
import type { Effects } from './effects.ts'
import { runAuthRequest } from './run-auth-request.ts'
import { mergeOwn, type RunOptions } from './run-state.ts'
import type { StepRecord } from './step-record.ts'
import { expiryOf } from './token-answer.ts'

export interface ConnectContext {
  /** What the form submitted. */
  submitted: unknown
  /** `credentials` of the install, where there is one: empty secret fields keep their values. */
  stored?: Rec
  /** App config: the operator's overrides over the non-empty values of `auth.config`. */
  config: Rec
  system: Rec
  /** OAuth: `code`, `redirect_uri`, `code_verifier` and the like. */
  authValues?: Rec
}

export type AuthRequestName = 'get_token' | 'test_token' | 'userDetails'

/** A step of connecting, with the auth request that it was. */
export type AuthStepRecord = StepRecord & { name: AuthRequestName }

export type ConnectOutcome =
  | {
      ok: true
      /** What is to be stored, after the duplicate check. */
      bags: Omit<Bags, 'config'>
      /** Of `userDetails`, as text; the account that must not be connected twice. */
      uid?: string
      name?: string
      /** When the tokens of `get_token` expire, in milliseconds since the epoch, where its mapping says so. */
      expiresAt?: number
      steps: AuthStepRecord[]
    }
  | { ok: false; error: MiniAppError; steps: AuthStepRecord[] }

/**
 * Decides whether an account can be connected (specification 3.3): checks the form, then runs `get_token`,
 * `test_token` and `userDetails`, each with what was submitted and with the outputs of those before. Stores nothing;
 * the duplicate check, storing and registration are the caller's. Never rejects.
 *
 * `error` is `VALIDATION_ERROR` with `details.fields` for the form, `TEST_FAILED` for what the provider refused, with its
 * status and words, else the code of the run.
 */
export async function runAuthRequests(
  compiled: CompiledDefinition,
  context: ConnectContext,
  effects: Effects,
  options: RunOptions,
): Promise<ConnectOutcome> {
  const { auth } = compiled
  const form = auth.readForm(context.submitted, context.stored)
  if (!form.ok) return { ok: false, error: invalidForm(form.fields), steps: [] }
  const bags: Bags = {
    credentials: { ...keptOf(context.stored, auth.registrationOutputs), ...form.credentials },
    metadata: {},
    userInput: form.userInput,
    config: context.config,
  }
  let expiresAt: number | undefined
  const keepToken = (result: Rec) => {
    mergeOwn(bags.credentials, result)
    expiresAt = expiryOf(result, effects.now())
  }
  const plan: [AuthRequestName, CompiledHttpStep | undefined, (result: Rec) => void][] = [
    ['get_token', auth.getToken, keepToken],
    ['test_token', auth.testToken, () => {}],
    ['userDetails', auth.userDetails, (result) => mergeOwn(bags.metadata, result)],
  ]
  const endsAt = effects.now() + options.deadlineMs
  const steps: AuthStepRecord[] = []
  for (const [name, step, keep] of plan) {
    if (!step) continue
    const { system, authValues = {} } = context
    const left = { ...options, deadlineMs: endsAt - effects.now() }
    const outcome = await runAuthRequest({ step, compiled, bags, system, authValues }, effects, left)
    steps.push(...outcome.steps.map((record) => ({ ...record, name })))
    if (outcome.error) return { ok: false, error: refusal(outcome.error, name), steps }
    keep(outcome.data)
  }
  const { config: _config, ...stored } = bags
  return {
    ok: true,
    bags: stored,
    ...identityOf(bags.metadata),
    ...(expiresAt !== undefined && { expiresAt }),
    steps,
  }
}

/** What registration made stays: without `unregistrationRequests` it is not made again (specification 3.3). */
function keptOf(stored: Rec | undefined, names: ReadonlySet<string>): Rec {
  return Object.fromEntries(Object.entries(stored ?? {}).filter(([name]) => names.has(name)))
}

function identityOf(metadata: Rec): { uid?: string; name?: string } {
  const { uid, name } = metadata
  return {
    ...((typeof uid === 'string' || typeof uid === 'number') && uid !== '' && { uid: String(uid) }),
    ...(typeof name === 'string' && { name }),
  }
}

function invalidForm(fields: { path: string; message: string }[]): MiniAppError {
  const [first] = fields
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : ''
  return new MiniAppError('VALIDATION_ERROR', `The form does not fit: ${first?.message}${more}.`, {
    details: { fields },
  })
}

const WHAT_FAILED: Record<AuthRequestName, string> = {
  get_token: 'The exchange for a token failed',
  test_token: 'The connection test failed',
  userDetails: 'The account could not be identified',
}

/** What the provider refused is a failed attempt to connect; everything else keeps its own code. */
function refusal(error: MiniAppError, name: AuthRequestName): MiniAppError {
  if (error.code !== 'EXTERNAL_API_ERROR') return error
  const { path, retryable, cause, details } = error
  return new MiniAppError('TEST_FAILED', `${WHAT_FAILED[name]}: ${error.message}`, {
    ...(path !== undefined && { path }),
    retryable,
    details: { ...details, request: name },
    cause,
  })
}
