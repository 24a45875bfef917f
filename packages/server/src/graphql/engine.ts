/**
 * Runs one GraphQL request against the schema: parse, validate with the limits, execute. Yoga lends its engine and its
 * cache of parsed queries; the wire belongs to `route.ts`, so that fastify limits bodies, answers and logs.
 */

import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
} from 'graphql'
import { createYoga } from 'graphql-yoga'
import { BoundedCache } from '../cache.ts'
import { ApiError, type ApiErrorCode } from '../errors.ts'
import { type AnsweredErrors, answerErrors } from './errors.ts'
import { explainAborted, limitPlugins } from './limits.ts'
import type { GraphqlRequest } from './read-request.ts'
import type { RequestContext } from './request-context.ts'

/** Parsed and validated queries kept; a console and its scripts use some hundred. */
const CACHED_QUERIES = 256

export interface Answer {
  /** HTTP status: 200 where the operation ran, also with errors of single fields. */
  status: number
  body: { data?: ExecutionResult['data']; errors?: AnsweredErrors['errors'] }
  /** Failures of ours, for the log. */
  unexpected: unknown[]
  /** As the document names it. */
  operationName: string | undefined
  /** The operations of the schema that it calls, each once. */
  operations: string[]
}

export interface Engine {
  run(request: GraphqlRequest, context: RequestContext): Promise<Answer>
}

interface Prepared {
  document: DocumentNode
  operation: OperationDefinitionNode
}

/** A request that does not get as far as running. */
interface Refusal {
  errors: readonly unknown[]
  code: ApiErrorCode
  status: number
}

export function createEngine(schema: GraphQLSchema): Engine {
  const yoga = createYoga<object, RequestContext>({
    schema,
    plugins: limitPlugins(),
    logging: false,
    maskedErrors: false,
    parserAndValidationCache: {
      documentCache: new BoundedCache<DocumentNode>(CACHED_QUERIES),
      errorCache: new BoundedCache<unknown>(CACHED_QUERIES),
    },
  })
  return {
    async run(request, context) {
      const enveloped = yoga.getEnveloped(context)
      const prepared = prepare(request, {
        parse: enveloped.parse,
        validate: (document) => explainAborted(enveloped.validate(schema, document)),
      })
      if ('errors' in prepared) return refused(prepared, context.requestId)
      const result: ExecutionResult = await enveloped.execute({
        schema,
        document: prepared.document,
        contextValue: await enveloped.contextFactory(),
        variableValues: request.variables,
        operationName: request.operationName,
      })
      const operationName = prepared.operation.name?.value
      return {
        ...answered(result, context.requestId),
        operationName,
        operations: calledBy(prepared.operation),
      }
    },
  }
}

interface Steps {
  parse: (query: string) => DocumentNode
  validate: (document: DocumentNode) => readonly unknown[]
}

function prepare(request: GraphqlRequest, steps: Steps): Prepared | Refusal {
  let document: DocumentNode
  try {
    document = steps.parse(request.query)
  } catch (error) {
    return { errors: [error], code: 'GRAPHQL_VALIDATION_FAILED', status: 400 }
  }
  const errors = steps.validate(document)
  if (errors.length > 0) return { errors, code: 'GRAPHQL_VALIDATION_FAILED', status: 400 }
  const operation = getOperationAST(document, request.operationName)
  if (operation == null) return refusal(noOperation(request.operationName), 400)
  if (operation.operation === 'subscription') return refusal('There are no subscriptions here.', 400)
  if (request.readOnly && operation.operation !== 'query') {
    return refusal('GET takes queries only: send mutations with POST.', 405)
  }
  return { document, operation }
}

/** Of the document's first level; it was validated, so these are names of the schema. */
function calledBy({ selectionSet }: OperationDefinitionNode): string[] {
  const names = selectionSet.selections.flatMap((one) => (one.kind === 'Field' ? [one.name.value] : []))
  return [...new Set(names)]
}

function noOperation(name: string | undefined): string {
  return name === undefined
    ? 'query holds no operation, or several: name the one that is meant in operationName.'
    : `query holds no operation named ${JSON.stringify(name)}; see operationName.`
}

function refusal(message: string, status: number): Refusal {
  return { errors: [new ApiError('BAD_USER_INPUT', message)], code: 'BAD_USER_INPUT', status }
}

function refused(refusal: Refusal, requestId: string): Answer {
  const { errors, unexpected } = answerErrors(refusal.errors, { requestId, requestErrorCode: refusal.code })
  return { status: refusal.status, body: { errors }, unexpected, operationName: undefined, operations: [] }
}

/** Without `data` nothing ran: the variables do not fit. */
function answered(result: ExecutionResult, requestId: string): Omit<Answer, 'operationName' | 'operations'> {
  const data = result.data === undefined ? {} : { data: result.data }
  if (result.errors === undefined) return { status: 200, body: data, unexpected: [] }
  const { errors, unexpected } = answerErrors(result.errors, {
    requestId,
    requestErrorCode: 'BAD_USER_INPUT',
  })
  return { status: result.data === undefined ? 400 : 200, body: { errors, ...data }, unexpected }
}
