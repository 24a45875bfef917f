/**
 * Error codes an action, source or connect can end with (specification 4.4, 3.2, 3.3).
 *
 * `audience` says who can act on it: the person who filled in the form, whoever connected the account,
 * the definition's author, or the platform's operator. `remedy` says what they do.
 */
export const ERROR_CODES = {
  NOT_INSTALLED: {
    retryable: false,
    audience: 'connection',
    summary: 'The app is not installed in this workspace.',
    remedy: 'Install the app in this workspace.',
  },
  NOT_CONFIGURED: {
    retryable: false,
    audience: 'connection',
    summary: 'The app is installed but not connected, or a credential is missing.',
    remedy: 'Connect the account; `details.missing` names the credentials that are not there.',
  },
  AUTH_EXPIRED: {
    retryable: false,
    audience: 'connection',
    summary: 'The provider no longer accepts the stored credentials.',
    remedy: 'Connect the account anew.',
  },
  ACTION_NOT_FOUND: {
    retryable: false,
    audience: 'input',
    summary: 'The app has no such action, or the caller may not run it.',
    remedy: 'Look up the name of the action; ask for a token that may run it.',
  },
  VALIDATION_ERROR: {
    retryable: false,
    audience: 'input',
    summary: 'The input does not fit, or a function of the app refused it.',
    remedy: 'Correct the fields that `details.fields` names.',
  },
  RATE_LIMITED: {
    retryable: true,
    audience: 'limit',
    summary: 'A limit of the platform or of the provider was reached.',
    remedy: 'Try again after `details.retryAfterMs`.',
  },
  EXTERNAL_API_ERROR: {
    retryable: false,
    audience: 'provider',
    summary: 'The provider answered with an error or could not be reached.',
    remedy:
      'Read `details.status` and `details.providerMessage`; the record of the run shows the request, without secrets. Where the provider is right, correct the definition.',
  },
  INTERNAL_ERROR: {
    retryable: true,
    audience: 'platform',
    summary: 'The platform failed.',
    remedy: 'Try again; where it stays, look up the request id in the log.',
  },
  TEST_FAILED: {
    retryable: false,
    audience: 'connection',
    summary: 'The provider refused the credentials when they were tried.',
    remedy: 'Check the credentials at the provider, and enter them again.',
  },
  REGISTRATION_FAILED: {
    retryable: true,
    audience: 'provider',
    summary:
      'The account is connected, but registering with the provider (its webhook) failed; it can be retried.',
    remedy:
      'Retry the registration; where it fails again, the account may lack the right to register a webhook.',
  },
  DUPLICATE_INTEGRATION: {
    retryable: false,
    audience: 'connection',
    summary: 'Another workspace has connected the same provider account.',
    remedy: 'Disconnect it there first, or connect another account.',
  },
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** Who can do something about a failure: the one who connects the account, fills in the form or writes the definition, … */
export type Party = (typeof ERROR_CODES)[ErrorCode]['audience'] | 'definition'

/** Why a run failed, for people: first for whoever ran it. */
export interface FailureExplanation {
  party: Party
  /** What happened, in one sentence. */
  what: string
  /** What to do next. */
  next: string
}

/** What can be told about an error besides its code; every member is safe to show to the caller (redacted). */
export interface ErrorDetails {
  /** Index of the step in `requests` (or of the auth request list) that failed. */
  step?: number
  /** HTTP status of the provider's answer. */
  status?: number
  /** The provider's own words, redacted. */
  providerMessage?: string
  /** Of an auth request: the provider's error code in lower case, such as `invalid_grant` (RFC 6749, 5.2). */
  providerError?: string
  /** `auth.expiredWhen` took the answer for an expired token. */
  expired?: boolean
  /** Milliseconds after which trying again makes sense. */
  retryAfterMs?: number
  /** One entry per invalid input: JSON Pointer into the form input and what is wrong. */
  fields?: { path: string; message: string }[]
  /** Credentials that a request names with `[[…]]` and that the connection does not hold. */
  missing?: string[]
  /** Key of a `{{…}}` that has no value, or one that may not stand where it would. */
  placeholder?: string
  /** That placeholder has no value, as opposed to one that may not stand there. */
  hasNoValue?: boolean
  /** The function that was to compute the output that has no value. */
  computedBy?: string
  /** Of a request that got no answer: a `SendFailure`, or `deadline` where the time of the whole run was over. */
  failure?: string
  /** The system's code of that failure, such as `ENOTFOUND`. */
  cause?: string
  /** The credentials had been refreshed in this run before they were refused. */
  refreshed?: boolean
  /** An output without which an answer counts as a failure, and that the mapping does not find. */
  notFound?: string
  /** Whose turn it is, what happened and what to do (`run/explain-failure.ts`). */
  explanation?: FailureExplanation
  [key: string]: unknown
}

export interface MiniAppErrorOptions {
  /** JSON Pointer into the definition: where the failing template, path or step stands. */
  path?: string
  /** Overrides the code's default (an `EXTERNAL_API_ERROR` is retryable by status). */
  retryable?: boolean
  details?: ErrorDetails
  cause?: unknown
}

/** The one error class of the pure package. `message` is one sentence for the person who reads it, never JSON. */
export class MiniAppError extends Error {
  readonly code: ErrorCode
  readonly path: string | undefined
  readonly retryable: boolean
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, options: MiniAppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MiniAppError'
    this.code = code
    this.path = options.path
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable
    this.details = options.details ?? {}
  }
}
