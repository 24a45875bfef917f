/**
 * Says of a failed run whose turn it is, what happened and what to do next (specification 4.4), first for whoever ran it,
 * and, where that is somebody else, what that one has to know. Pure: rules over what the interpreter knows, in tables by
 * error code; the first rule that has something to say wins.
 */
import { ERROR_CODES, type ErrorCode, type FailureExplanation, MiniAppError } from '../errors.ts'
import { EXTERNAL_RULES } from './explain-external.ts'
import {
  asSentence,
  authorNext,
  durationWords,
  listWords,
  operatorNext,
  type Rule,
  say,
  told,
} from './explanation-words.ts'
import { type FailedRun, factsOf } from './failure-facts.ts'

export type { FailedRun, RunPart } from './failure-facts.ts'

const always =
  (party: FailureExplanation['party'], what: string, next: string): Rule =>
  () =>
    say(party, what, next)

/** A credential that a request needs and the connection lacks. */
const missingCredential: Rule = ({ error, isFormField, isAuthOutput }) => {
  const names = error.details.missing ?? []
  const [name] = names
  if (name === undefined) return undefined
  const what = `The connection holds no ${listWords(names)}, which the request needs.`
  if (isFormField(name))
    return say('connection', what, `Reconnect the account and fill in ${listWords(names)}.`)
  if (isAuthOutput(name)) {
    return say(
      'definition',
      what,
      authorNext(
        `correct the mapping that is to give ${name} when the account is connected, then reconnect the account`,
      ),
    )
  }
  return say('connection', what, `Reconnect the account, so that ${listWords(names)} is fetched anew.`)
}

const refusedAlthoughFresh: Rule = ({ error: { details } }) => {
  if (!details.refreshed) return undefined
  return say(
    'connection',
    'The provider refused this request although the account works otherwise.',
    'Ask for the permission that this request needs at the provider, then reconnect the account.',
  )
}

const wrongFields: Rule = ({ error: { details }, part }) => {
  const { fields = [] } = details
  if (fields.length === 0) return undefined
  const names = [...new Set(fields.map(({ path }) => path.split('/')[1] ?? ''))].filter((name) => name !== '')
  const where = 'connect' in part ? 'the form' : 'the input'
  const what = fields.length === 1 ? `${fields[0]?.message}.` : `${fields.length} fields do not fit.`
  return say(
    'input',
    what,
    names.length > 0 ? `Correct ${listWords(names)} in ${where}.` : `Correct ${where}.`,
  )
}

/** A `{{…}}` without a value, or with one that may not stand there. */
const wrongPlaceholder: Rule = ({ error: { details }, giverOf }) => {
  const { placeholder: key, hasNoValue = false } = details
  if (key === undefined) return undefined
  const what = hasNoValue
    ? `The request needs ${key}, and it has no value.`
    : `The value of ${key} may not stand where the request would put it.`
  const next = {
    input: `Fill in ${key}, or correct it.`,
    connection: `Reconnect the account and fill in ${key}.`,
    step: authorNext(`see why no earlier step gave ${key}; its mapping may look in the wrong place`),
    nobody: authorNext(`nothing gives {{${key}}}; declare a parameter or an output of that name`),
  }
  const giver = giverOf(key)
  return say(giver === 'step' || giver === 'nobody' ? 'definition' : giver, what, next[giver])
}

const wrongLoop: Rule = ({ error: { path, details, message } }) => {
  if (!path?.endsWith('/forEach')) return undefined
  if (details['limit'] !== undefined) {
    return say('limit', message, 'Give fewer items, in several runs.')
  }
  return say('definition', message, authorNext('the "items" of forEach must be a list'))
}

/** What a function does not do right, as opposed to what it refuses in its own words. */
const wrongFunction: Rule = ({ error: { details, message } }) => {
  const { failure, mistake } = details
  if (failure === 'threw' && mistake === undefined) {
    return say('input', asSentence(message), 'Correct the input as the message says.')
  }
  if (failure === 'threw') {
    return say(
      'definition',
      `A function of the app failed: ${message}.`,
      authorNext('correct the function; the record of the run shows what it logged'),
    )
  }
  if (failure === 'result' || failure === 'syntax') {
    return say(
      'definition',
      'A function of the app does not do what it must.',
      authorNext('the function must parse and return a plain object'),
    )
  }
  return undefined
}

const FUNCTION_LIMITS: ReadonlySet<unknown> = new Set(['time', 'memory', 'stack', 'crash'])

const exhaustedFunction: Rule = ({ error: { details, message } }) =>
  FUNCTION_LIMITS.has(details.failure)
    ? say('definition', message, authorNext('the function has to need less; give it less to do until then'))
    : undefined

/** The platform's own record of a run. */
const unrecorded: Rule = ({ error: { details, message } }) => {
  if (details['ran'] === undefined) return undefined
  return details['ran']
    ? say(
        'platform',
        message,
        'Look at the provider whether it was done before you run it again; tell whoever operates the platform.',
      )
    : say('platform', message, 'Try again in a moment; nothing was sent.')
}

const limited: Rule = (facts) => {
  const { status, error } = facts
  const { retryAfterMs, failure } = error.details
  const wait = `Wait ${retryAfterMs === undefined ? 'a minute' : durationWords(retryAfterMs)}, then try again`
  const isProviders = status !== undefined || failure === 'rate-limited'
  return isProviders
    ? say(
        'limit',
        'The provider limits how often it may be called.',
        `${wait}; the limit belongs to the connected account.`,
      )
    : say('limit', told(facts), `${wait}.`)
}

const unknownSource: Rule = ({ error: { path, message }, part, step }) =>
  'source' in part && path === undefined && step === undefined
    ? say('input', message, 'Choose a source that the app declares.')
    : undefined

const BY_CODE = {
  NOT_INSTALLED: [
    always('connection', 'The app is not in this workspace.', 'Install it, then connect an account.'),
  ],
  NOT_CONFIGURED: [
    missingCredential,
    always(
      'connection',
      'No account is connected.',
      'Connect an account in the settings of the app, then try again.',
    ),
  ],
  AUTH_EXPIRED: [
    refusedAlthoughFresh,
    always(
      'connection',
      'The provider no longer accepts the connection.',
      'Reconnect the account, then try again.',
    ),
  ],
  ACTION_NOT_FOUND: [
    (facts) => say('input', facts.error.message, 'Choose an action that the app has and that you may run.'),
  ],
  VALIDATION_ERROR: [
    wrongFields,
    wrongPlaceholder,
    wrongLoop,
    wrongFunction,
    unknownSource,
    ({ error: { path, message } }) =>
      path === undefined
        ? say('input', message, 'Correct the input.')
        : say('definition', message, authorNext(`correct what stands at ${path}`)),
  ],
  RATE_LIMITED: [limited],
  EXTERNAL_API_ERROR: EXTERNAL_RULES,
  INTERNAL_ERROR: [exhaustedFunction, unrecorded],
  TEST_FAILED: EXTERNAL_RULES,
  REGISTRATION_FAILED: [],
  DUPLICATE_INTEGRATION: [
    always(
      'connection',
      'Another workspace has connected this account.',
      'Disconnect it there first, or connect another account.',
    ),
  ],
} as const satisfies Record<ErrorCode, readonly Rule[]>

/** Whose turn it is after a failure, what happened and what to do. Never fails itself. */
export function explainFailure(run: FailedRun): FailureExplanation {
  const facts = factsOf(run)
  for (const rule of BY_CODE[run.error.code] as readonly Rule[]) {
    const explanation = rule(facts)
    if (explanation) return explanation
  }
  return byDefault(run.error)
}

/** What the code alone says. */
function byDefault({ code, message }: FailedRun['error']): FailureExplanation {
  const { audience, remedy } = ERROR_CODES[code]
  if (audience === 'platform') return UNEXPECTED
  return say(audience, asSentence(message), remedy)
}

/** Of failures that nobody foresaw. */
export const UNEXPECTED: FailureExplanation = say(
  'platform',
  'The platform failed.',
  operatorNext('the request id finds the reason in the log. Try again in a moment'),
)

/** The error with its explanation in `details`, where it has none yet. */
export function explained(error: MiniAppError, run: Omit<FailedRun, 'error'>): MiniAppError {
  if (error.details.explanation) return error
  const { code, message, retryable, path, cause } = error
  return new MiniAppError(code, message, {
    retryable,
    details: { ...error.details, explanation: explainFailure({ error, ...run }) },
    ...(path !== undefined && { path }),
    ...(cause !== undefined && { cause }),
  })
}
