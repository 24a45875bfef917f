/** From the parts of an HTTP request to the parts of a GraphQL request; decides nothing but whether it is one. */
import { ApiError } from '../errors.ts'
import { MAX_QUERY_CHARACTERS } from './limits.ts'

export interface GraphqlRequest {
  query: string
  variables: Record<string, unknown>
  operationName: string | undefined
  /** GET: queries only. */
  readOnly: boolean
}

const EXAMPLE = '{"query": "{ currentUser { _id } }"}'

/** @throws ApiError `BAD_USER_INPUT` where the body is no GraphQL request */
export function readPost(body: Uint8Array): GraphqlRequest {
  const params = parse(decode(body), 'The request body', ` Send an object such as ${EXAMPLE}.`)
  if (Array.isArray(params)) {
    throw badRequest('Batches are not taken: send one GraphQL request in each HTTP request.')
  }
  if (!isRecord(params)) throw badRequest(`The request body must be a JSON object such as ${EXAMPLE}.`)
  return { ...readParams(params), readOnly: false }
}

/** @throws ApiError `BAD_USER_INPUT` where the query string holds no GraphQL request */
export function readGet(search: Readonly<Record<string, unknown>>): GraphqlRequest {
  const { query, operationName, variables } = search
  const parsed = typeof variables === 'string' && variables !== '' ? parse(variables, 'variables') : undefined
  return { ...readParams({ query, operationName, variables: parsed }), readOnly: true }
}

function readParams(params: Record<string, unknown>): Omit<GraphqlRequest, 'readOnly'> {
  const { query, variables, operationName } = params
  if (typeof query !== 'string' || query.trim() === '') {
    throw badRequest(`query must hold the text of a GraphQL operation, as in ${EXAMPLE}.`)
  }
  if (query.length > MAX_QUERY_CHARACTERS) {
    throw badRequest(
      `query has ${query.length} characters; at most ${MAX_QUERY_CHARACTERS} are taken. Move values into variables.`,
    )
  }
  if (variables != null && !isRecord(variables)) {
    throw badRequest('variables must be an object that maps names to values, as in {"ns": "github"}.')
  }
  if (operationName != null && typeof operationName !== 'string') {
    throw badRequest('operationName must be a string, the name of one operation in query.')
  }
  return { query, variables: variables ?? {}, operationName: operationName || undefined }
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw new ApiError('BAD_USER_INPUT', 'The request body is not UTF-8.', { cause })
  }
}

function parse(text: string, what: string, advice = ''): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ApiError('BAD_USER_INPUT', `${what} is not JSON (${reason}).${advice}`, { cause })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function badRequest(message: string): ApiError {
  return new ApiError('BAD_USER_INPUT', message)
}
