/**
 * Registration with the provider (specification 3.1, 3.3): which requests remain, what a reconnect has to do first, which
 * bag an output goes to. Nothing here stores; the caller commits after each request, so that what succeeded is never
 * sent again.
 */
import type { CompiledDefinition } from '../compile.ts'
import { type CompiledAuth, WEBHOOK_SECRET, WEBHOOK_SECRETS } from '../compile-auth.ts'
import type { CompiledHttpStep } from '../compile-step.ts'
import { MiniAppError } from '../errors.ts'
import { isObject, type Rec, readOwn, setOwn } from '../expression/own.ts'
import type { Bags } from '../expression/scope.ts'
import type { Effects } from './effects.ts'
import { runAuthRequest } from './run-auth-request.ts'
import { mergeOwn, type RunContext, type RunOptions } from './run-state.ts'
import type { StepRecord } from './step-record.ts'
import { isEmpty } from './token-answer.ts'

/** How much of an install is registered. */
export interface Registered {
  /** `registrationRequests` that have succeeded. */
  registered: number
  /** Those still to be sent. */
  pending: number
}

/** What connecting an account means for its registration. */
export interface RegistrationPlan extends Registered {
  /** `unregistrationRequests` run first, with the old bags. */
  unregisterFirst: boolean
  /** Credentials that registration made and that leave the bag before it is made again. */
  forget: ReadonlySet<string>
}

/**
 * Decides what is registered when an account is connected (specification 3.3). A first connect registers everything. On
 * a reconnect the old registration is undone where the app can do that, and made again; where it cannot, registration
 * is skipped, or goes on where it had stopped, while it is known to be the same account, unless the user asks.
 *
 * @param before the connection that is replaced, where there is one
 */
export function planRegistration(
  auth: CompiledAuth,
  connect: { before?: { registered: number; uid: string | null }; uid: string | null; asked?: boolean },
): RegistrationPlan {
  const total = auth.registrationRequests.length
  const { before, uid, asked = false } = connect
  const anew = { registered: 0, pending: total }
  if (!before)
    return { ...anew, unregisterFirst: false, forget: registrationOutputsOf(auth, { keepSecret: false }) }
  const isSame = uid !== null && uid === before.uid
  const forget = registrationOutputsOf(auth, { keepSecret: isSame })
  if (auth.unregistrationRequests.length > 0) return { ...anew, unregisterFirst: true, forget }
  if (!isSame || asked) return { ...anew, unregisterFirst: false, forget }
  const registered = Math.min(before.registered, total)
  return { registered, pending: total - registered, unregisterFirst: false, forget: new Set() }
}

/**
 * Keys of `credentials` that registration alone fills in. For the same account the secret is to stay: what could not be
 * unregistered still signs with it.
 */
export function registrationOutputsOf(
  auth: CompiledAuth,
  { keepSecret }: { keepSecret: boolean },
): ReadonlySet<string> {
  const outputs = [...auth.registrationOutputs, EARLIER].filter((key) => !auth.tokenKeys.has(key))
  return new Set(outputs.filter((key) => !(keepSecret && WEBHOOK_SECRETS.includes(key))))
}

/**
 * Whether an old registration has to be undone before the requests that are pending: more of them are known to be
 * registered or pending than there are. That is how an install tells it across a restart.
 */
export function mustUnregisterFirst(auth: CompiledAuth, { registered, pending }: Registered): boolean {
  return pending > 0 && registered + pending > auth.registrationRequests.length
}

/** The credentials without what registration made, or was on the way to. */
export function withoutRegistration(credentials: Rec, forget: ReadonlySet<string>): Rec {
  return Object.fromEntries(Object.entries(credentials).filter(([key]) => !forget.has(key)))
}

/**
 * `{{webhookSecret}}` (specification 2.1): the install's own, else that of app config, else a new one, which has to be
 * stored before the first request is sent.
 * @returns `undefined` where no registration request names it
 */
export function webhookSecretFor(
  auth: CompiledAuth,
  bags: Bags,
  make: () => string,
): { value: string; isNew: boolean } | undefined {
  if (!auth.registrationRequests.some(({ namesWebhookSecret }) => namesWebhookSecret)) return undefined
  const found = storedSecret(bags)
  return found === undefined ? { value: make(), isNew: true } : { value: found, isNew: false }
}

/**
 * The credentials with another `{{webhookSecret}}`; the former one counts beside it (specification 5.2). Registration has to
 * be made again with it.
 * @returns `undefined` where the secret is not ours to replace: nothing is registered with it, somebody filled it in, or there is none yet
 */
export function withReplacedSecret(auth: CompiledAuth, credentials: Rec, secret: string): Rec | undefined {
  const former = readOwn(credentials, WEBHOOK_SECRET)
  const isOurs = auth.registrationRequests.some(({ namesWebhookSecret }) => namesWebhookSecret)
  if (!isOurs || isEmpty(former) || auth.tokenKeys.has(WEBHOOK_SECRET)) return undefined
  return { ...credentials, [WEBHOOK_SECRET]: secret, [`${WEBHOOK_SECRET}Previous`]: former }
}

/** The credentials without the secret that {@link withReplacedSecret} replaced; one that somebody filled in stays. */
export function withoutFormerSecret(auth: CompiledAuth, credentials: Rec): Rec {
  const former = `${WEBHOOK_SECRET}Previous`
  return auth.tokenKeys.has(former) ? credentials : withoutRegistration(credentials, new Set([former]))
}

function storedSecret({ credentials, config }: Bags): string | undefined {
  const found = [credentials, config]
    .map((bag) => readOwn(bag, WEBHOOK_SECRET))
    .find((value) => !isEmpty(value))
  return found === undefined ? undefined : String(found)
}

/** Where array-form outputs wait for the requests after them; gone once all have succeeded (specification 2.3). */
const EARLIER = 'registrationRequests'

export interface RegistrationContext {
  bags: Bags
  system: Rec
  refresh?: RunContext['refresh']
}

export type RegistrationOutcome =
  /** `merge` adds what the request made to the newest credentials. */
  | { ok: true; merge: (credentials: Rec) => Rec; steps: StepRecord[] }
  | { ok: false; error: MiniAppError; steps: StepRecord[] }

/** Runs `registrationRequests[index]`. Never rejects. */
export async function runRegistrationRequest(
  compiled: CompiledDefinition,
  index: number,
  context: RegistrationContext,
  { effects, options }: { effects: Effects; options: RunOptions },
): Promise<RegistrationOutcome> {
  const requests = compiled.auth.registrationRequests
  const step = requests[index]
  if (!step) {
    const error = new MiniAppError('INTERNAL_ERROR', `There is no registration request ${index}.`)
    return { ok: false, error, steps: [] }
  }
  const { ok, data, outputs, error, steps } = await runListed(
    { step, compiled, context, earlier: earlierOf(context.bags.credentials) },
    effects,
    options,
  )
  if (!ok) return { ok: false, error: error ?? unexplained(), steps }
  const isLast = index === requests.length - 1
  return { ok: true, merge: (credentials) => merged(credentials, { data, outputs, isLast }), steps }
}

function earlierOf(credentials: Rec): Rec {
  const earlier = readOwn(credentials, EARLIER)
  return isObject(earlier) ? earlier : {}
}

function merged(
  credentials: Rec,
  { data, outputs, isLast }: { data: Rec; outputs: Rec; isLast: boolean },
): Rec {
  const next = { ...credentials }
  mergeOwn(next, data)
  const passing = Object.entries(outputs).filter(([key]) => !Object.hasOwn(data, key))
  const earlier = { ...earlierOf(credentials) }
  for (const [key, value] of passing) setOwn(earlier, key, value)
  delete next[EARLIER]
  if (!isLast && Object.keys(earlier).length > 0) next[EARLIER] = earlier
  return next
}

/**
 * Runs `unregistrationRequests` in order, each whether or not one before it failed. Never rejects.
 * @param options.deadlineMs for all of them
 * @returns the failures
 */
export async function runUnregistration(
  compiled: CompiledDefinition,
  context: RegistrationContext,
  effects: Effects,
  options: RunOptions,
): Promise<MiniAppError[]> {
  const failures: MiniAppError[] = []
  const earlier: Rec = {}
  const endsAt = effects.now() + options.deadlineMs
  let { bags } = context
  const refresh: RunContext['refresh'] = async (refused) => {
    const renewal = await context.refresh?.(refused)
    if (renewal) bags = renewal.bags
    return renewal
  }
  for (const step of compiled.auth.unregistrationRequests) {
    const current = { ...context, bags, ...(context.refresh && { refresh }) }
    const run = { step, compiled, context: current, earlier }
    const left = { ...options, deadlineMs: Math.max(0, endsAt - effects.now()) }
    const { ok, outputs, error } = await runListed(run, effects, left)
    mergeOwn(earlier, outputs)
    if (!ok) failures.push(error ?? unexplained())
  }
  return failures
}

interface ListedRun {
  step: CompiledHttpStep
  compiled: CompiledDefinition
  context: RegistrationContext
  earlier: Rec
}

function runListed({ step, compiled, context, earlier }: ListedRun, effects: Effects, options: RunOptions) {
  const secret = storedSecret(context.bags)
  const authValues: Rec = secret === undefined ? {} : { [WEBHOOK_SECRET]: secret }
  return runAuthRequest({ step, compiled, ...context, authValues, earlier }, effects, options)
}

function unexplained(): MiniAppError {
  return new MiniAppError('INTERNAL_ERROR', 'The request failed without a reason.')
}
