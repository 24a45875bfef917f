/**
 * Error codes an action, source or connect can end with (specification 4.4, 3.2, 3.3).
 *
 * `audience` says who can act on it: the person who filled in the form, whoever connected the account,
 * the definition's author, or the platform's operator.
 */
export const ERROR_CODES = {
  NOT_INSTALLED: {
    retryable: false,
    audience: 'connection',
    summary: 'The app is not installed in this workspace.',
  },
  NOT_CONFIGURED: {
    retryable: false,
    audience: 'connection',
    summary: 'The app is installed but not connected, or a credential is missing.',
  },
  AUTH_EXPIRED: {
    retryable: false,
    audience: 'connection',
    summary: 'The provider no longer accepts the stored credentials.',
  },
  ACTION_NOT_FOUND: {
    retryable: false,
    audience: 'input',
    summary: 'The app has no such action, or the caller may not run it.',
  },
  VALIDATION_ERROR: {
    retryable: false,
    audience: 'input',
    summary: 'The input does not fit, or a function of the app refused it.',
  },
  RATE_LIMITED: {
    retryable: true,
    audience: 'limit',
    summary: 'A limit of the platform or of the provider was reached.',
  },
  EXTERNAL_API_ERROR: {
    retryable: false,
    audience: 'provider',
    summary: 'The provider answered with an error or could not be reached.',
  },
  INTERNAL_ERROR: { retryable: true, audience: 'platform', summary: 'The platform failed.' },
  TEST_FAILED: {
    retryable: false,
    audience: 'connection',
    summary: 'The provider refused the credentials when they were tried.',
  },
  REGISTRATION_FAILED: {
    retryable: true,
    audience: 'provider',
    summary:
      'The account is connected, but registering with the provider (its webhook) failed; it can be retried.',
  },
  DUPLICATE_INTEGRATION: {
    retryable: false,
    audience: 'connection',
    summary: 'Another workspace has connected the same provider account.',
  },
} as const

export type ErrorCode = keyof typeof ERROR_CODES

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
  /** Milliseconds after which trying again makes sense. */
  retryAfterMs?: number
  /** One entry per invalid input: JSON Pointer into the form input and what is wrong. */
  fields?: { path: string; message: string }[]
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
