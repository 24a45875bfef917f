/** How errors of GraphQL requests look (specification 10.3, 10b section 1). */
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { isRetryable } from '../db/error.ts'
import { type ApiErrorCode, type PublicError, publicError } from '../errors.ts'

export interface AnsweredErrors {
  errors: GraphQLFormattedError[]
  /** Failures of ours among them, for the log: the caller is told a sentence and the request id. */
  unexpected: unknown[]
}

interface AnswerOptions {
  requestId: string
  /** What an error means that GraphQL itself reports about the request as a whole. */
  requestErrorCode: ApiErrorCode
}

/** @param errors of parsing, validating, executing, or thrown before any of it */
export function answerErrors(errors: readonly unknown[], options: AnswerOptions): AnsweredErrors {
  const unexpected: unknown[] = []
  const answered = errors.map((error) => {
    const { cause, told } = judge(error, options.requestErrorCode)
    if (told.code === 'INTERNAL_SERVER_ERROR' || told.code === 'SERVICE_UNAVAILABLE') unexpected.push(cause)
    return format(error, told, options.requestId)
  })
  return { errors: answered, unexpected }
}

function judge(error: unknown, requestErrorCode: ApiErrorCode): { cause: unknown; told: PublicError } {
  const cause = causeOf(error)
  if (!(cause instanceof GraphQLError)) return { cause, told: publicError(cause, isRetryable) }
  // Errors of GraphQL itself. Those about the request as a whole have no path; those about an argument that a variable
  // filled name its place in the document. What is left failed while an answer was put together.
  const path = error instanceof GraphQLError ? error.path : undefined
  if (path !== undefined && cause.nodes === undefined) return { cause, told: publicError(cause) }
  const code = path === undefined ? requestErrorCode : 'BAD_USER_INPUT'
  const { message } = error instanceof GraphQLError ? error : cause
  return { cause, told: { code, message: withoutValues(message), retryable: false, details: {} } }
}

/** Where messages of GraphQL repeat a value that was sent, which may be a secret in a wrong place. */
const REPEATED_VALUES: readonly [RegExp, string][] = [
  [/(cannot represent [^:]*: ).+$/s, '$1***'],
  [/( got invalid value ).*?((?: at "[\w.[\]]+")?; )(?=[^;]*$)/s, '$1***$2'],
  [/((?:found|Unexpected) (?:Block)?String) ".*"/s, '$1'],
  [/(Expected value of type "[^"]+", found ).+$/s, '$1***.'],
]

function withoutValues(message: string): string {
  return REPEATED_VALUES.reduce((text, [pattern, shown]) => text.replace(pattern, shown), message)
}

/** What a resolver threw, under the wrappers that say where; the error itself where GraphQL made it. */
function causeOf(error: unknown): unknown {
  if (!(error instanceof GraphQLError) || error.originalError == null) return error
  return causeOf(error.originalError)
}

function format(error: unknown, told: PublicError, requestId: string): GraphQLFormattedError {
  const { locations, path } =
    error instanceof GraphQLError ? error : { locations: undefined, path: undefined }
  return {
    message: told.message,
    ...(locations && { locations }),
    ...(path && { path }),
    extensions: {
      code: told.code,
      requestId,
      retryable: told.retryable,
      ...(Object.keys(told.details).length > 0 && { details: told.details }),
    },
  }
}
