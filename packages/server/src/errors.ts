/**
 * Errors of the API (specification 10.3): the codes that GraphQL and REST answer with besides the codes of actions,
 * sources and connecting, which come from the `miniapp` package.
 */
import { ERROR_CODES, type ErrorCode, type FailureExplanation, MiniAppError, UNEXPECTED } from 'miniapp'

/** `status` is the HTTP status where the error ends a REST request, `remedy` what the caller does. */
export const API_ERROR_CODES = {
  UNAUTHENTICATED: {
    status: 401,
    summary: 'No valid token was sent.',
    remedy: 'Send a valid app token in `x-app-token`.',
  },
  FORBIDDEN: {
    status: 403,
    summary: 'The token lacks the permission that this operation needs.',
    remedy: 'Ask the owner of the workspace for a token with the permission that the message names.',
  },
  BAD_USER_INPUT: {
    status: 400,
    summary: 'An argument does not fit, or a rule refuses the operation.',
    remedy: 'Correct the argument that the message names.',
  },
  GRAPHQL_VALIDATION_FAILED: {
    status: 400,
    summary: 'The GraphQL document does not fit the schema, or exceeds a limit.',
    remedy: 'Correct the document; ask for less at once where a limit is named.',
  },
  NOT_FOUND: {
    status: 404,
    summary: 'There is nothing of that id or name in this workspace.',
    remedy: 'Check the id or the name, and the workspace that is asked.',
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    summary: 'The request body is larger than the limit.',
    remedy: 'Send less.',
  },
  RATE_LIMITED: {
    status: 429,
    summary: 'A limit was reached.',
    remedy: 'Try again after `details.retryAfterMs`.',
  },
  SERVICE_UNAVAILABLE: {
    status: 503,
    summary: 'The database did not answer, or was lost under way.',
    remedy: 'Look whether the change was made, then try again.',
  },
  INTERNAL_SERVER_ERROR: {
    status: 500,
    summary: 'The platform failed.',
    remedy: 'Try again; where it stays, the operator looks up the request id in the log.',
  },
} as const satisfies Record<string, { status: number; summary: string; remedy: string }>

export type ApiErrorCode = keyof typeof API_ERROR_CODES

/** An error whose message and details are meant for the caller. Anything else is answered as `INTERNAL_SERVER_ERROR`. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  readonly details: Record<string, unknown>

  constructor(
    code: ApiErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ApiError'
    this.code = code
    this.details = options.details ?? {}
  }
}

/** What a caller is told about an error: never a stack, never the message of an unexpected one. */
export interface PublicError {
  code: ApiErrorCode | ErrorCode
  message: string
  retryable: boolean
  details: Record<string, unknown>
}

const RETRYABLE: ReadonlySet<string> = new Set<ApiErrorCode>([
  'RATE_LIMITED',
  'SERVICE_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
])

/** @param isRetryable tells failures of the database that trying again can cure; they become `SERVICE_UNAVAILABLE` */
export function publicError(
  error: unknown,
  isRetryable: (error: unknown) => boolean = () => false,
): PublicError {
  if (error instanceof MiniAppError) {
    return { code: error.code, message: error.message, retryable: error.retryable, details: error.details }
  }
  if (error instanceof ApiError) {
    return {
      code: error.code,
      message: error.message,
      retryable: RETRYABLE.has(error.code),
      details: error.details,
    }
  }
  const code = isRetryable(error) ? 'SERVICE_UNAVAILABLE' : 'INTERNAL_SERVER_ERROR'
  const message =
    code === 'SERVICE_UNAVAILABLE'
      ? 'The database did not answer in time or was lost. Try again in a moment; look first whether the change was made.'
      : 'Something went wrong on our side. The request id finds the reason in the server log.'
  const explanation = code === 'SERVICE_UNAVAILABLE' ? AWAY : UNEXPECTED
  return { code, message, retryable: true, details: { explanation } }
}

const AWAY: FailureExplanation = {
  party: 'platform',
  what: 'The database did not answer in time or was lost.',
  next: 'Look first whether the change was made, then try again in a moment.',
}

/** HTTP status for a REST answer. */
export function httpStatusOf(code: ApiErrorCode | ErrorCode): number {
  if (code in API_ERROR_CODES) return API_ERROR_CODES[code as ApiErrorCode].status
  return ERROR_CODES[code as ErrorCode].audience === 'platform' ? 500 : 422
}
