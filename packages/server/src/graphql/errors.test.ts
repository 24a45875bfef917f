import { buildSchema, type ExecutionResult, graphql } from 'graphql'
import { MiniAppError } from 'miniapp'
import { describe, expect, it } from 'vitest'
import { DatabaseUnavailableError } from '../db/error.ts'
import { ApiError } from '../errors.ts'
import { answerErrors } from './errors.ts'

const schema = buildSchema(
  'enum Size { big small } type Query { fail: String, size: Size, need(id: String!): String }',
)

/** What graphql-js makes of a resolver's failure. */
async function failing(error: unknown): Promise<ExecutionResult> {
  const rootValue = {
    fail: () => {
      throw error
    },
  }
  return graphql({ schema, source: '{ fail }', rootValue })
}

function answer(result: ExecutionResult) {
  const { errors, unexpected } = answerErrors(result.errors ?? [], {
    requestId: 'r1',
    requestErrorCode: 'BAD_USER_INPUT',
  })
  return { error: errors[0], unexpected }
}

describe('an error in an answer', () => {
  it.each<[string, Error, Record<string, unknown>, string]>([
    [
      'of the API has its code and sentence',
      new ApiError('NOT_FOUND', 'App not found'),
      { code: 'NOT_FOUND', requestId: 'r1', retryable: false },
      'App not found',
    ],
    [
      'of an app has its code, details and whether trying again helps',
      new MiniAppError('RATE_LIMITED', 'Too many.', { details: { retryAfterMs: 5 } }),
      { code: 'RATE_LIMITED', requestId: 'r1', retryable: true, details: { retryAfterMs: 5 } },
      'Too many.',
    ],
  ])('%s', async (_name, thrown, extensions, message) => {
    const { error, unexpected } = answer(await failing(thrown))
    expect(error).toEqual({ message, path: ['fail'], locations: [{ line: 1, column: 3 }], extensions })
    expect(unexpected).toEqual([])
  })

  it.each<[string, unknown, string]>([
    ['an unexpected error', new Error('password is hunter2'), 'INTERNAL_SERVER_ERROR'],
    ['a thrown text', 'password is hunter2', 'INTERNAL_SERVER_ERROR'],
    ['a database that does not answer', new DatabaseUnavailableError('hunter2'), 'SERVICE_UNAVAILABLE'],
  ])('says nothing of %s, and the log gets it whole', async (_name, thrown, code) => {
    const { error, unexpected } = answer(await failing(thrown))
    expect(error?.extensions).toMatchObject({ code, requestId: 'r1', retryable: true })
    expect(JSON.stringify(error)).not.toMatch(/hunter2|stack|\.ts/)
    expect(String(unexpected[0])).toContain('hunter2')
  })

  it('is ours where an answer of ours does not fit the schema', async () => {
    const { error, unexpected } = answer(
      await graphql({ schema, source: '{ size }', rootValue: { size: 'huge' } }),
    )
    expect(error?.extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
    expect(error?.message).not.toContain('huge')
    expect(unexpected).toHaveLength(1)
  })

  it('is about the request where a variable is null at a required argument', async () => {
    const { error, unexpected } = answer(
      await graphql({
        schema,
        source: 'query ($id: String = "x") { need(id: $id) }',
        variableValues: { id: null },
      }),
    )
    expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' })
    expect(error?.message).toBe('Argument "id" of non-null type "String!" must not be null.')
    expect(unexpected).toEqual([])
  })

  it('keeps the name of the variable that does not fit, not its value, which may be a secret', async () => {
    const { error } = answer(
      await graphql({ schema, source: 'query ($id: String!) { need(id: $id) }', variableValues: { id: 1 } }),
    )
    expect(error?.message).toMatch(
      /^Variable "\$id" got invalid value \*\*\*; String cannot represent a non string value: \*\*\*$/,
    )
  })
})
