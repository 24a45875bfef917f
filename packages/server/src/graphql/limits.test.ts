import { buildSchema, getIntrospectionQuery } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createEngine } from './engine.ts'
import { MAX_ALIASES, MAX_COST, MAX_DEPTH, MAX_TOKENS } from './limits.ts'
import { type GraphqlRequest, readPost } from './read-request.ts'
import type { RequestContext } from './request-context.ts'

const engine = createEngine(
  buildSchema('type Query { node: Query, list(first: Int): [Query], leaf(values: [Int]): Int }'),
)
const context = { requestId: 'test' } as RequestContext

async function messagesOf(query: string): Promise<string[]> {
  const request: GraphqlRequest = { query, variables: {}, operationName: undefined, readOnly: false }
  const { body, status } = await engine.run(request, context)
  const errors = body.errors ?? []
  expect(status).toBe(errors.length === 0 ? 200 : 400)
  expect(errors.every(({ extensions }) => extensions?.['code'] === 'GRAPHQL_VALIDATION_FAILED')).toBe(true)
  return errors.map(({ message }) => message)
}

const repeat = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')
const nested = (depth: number) => `${'{ node '.repeat(depth - 1)}{ leaf }${' }'.repeat(depth - 1)}`
const aliased = (count: number) => `{ ${repeat(count, (index) => `a${index}: leaf`)} }`
/** Nine tokens around as many numbers. */
const ofTokens = (count: number) => `{ leaf(values: [${repeat(count - 9, () => '1')}]) }`
/** One level below the root, a list of `first` items with one field costs `first` × (2 + 1.5). */
const ofCost = (first: number) => `{ list(first: ${first}) { leaf } }`

describe('a query', () => {
  it.each<[string, string]>([
    [`${MAX_DEPTH} levels deep`, nested(MAX_DEPTH)],
    [`with ${MAX_ALIASES} aliases`, aliased(MAX_ALIASES)],
    [`of ${MAX_TOKENS} tokens`, ofTokens(MAX_TOKENS)],
    ['that costs just below the limit', ofCost(Math.floor(MAX_COST / 3.5))],
    ['that reads the whole schema', getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true })],
  ])('%s runs', async (_name, query) => {
    expect(await messagesOf(query)).toEqual([])
  })

  it.each<[string, string, string]>([
    [
      'one level too deep',
      nested(MAX_DEPTH + 1),
      'Query depth limit of 12 exceeded, found 13. Select fewer levels.',
    ],
    [
      'with one alias too many',
      aliased(MAX_ALIASES + 1),
      'Aliases limit of 30 exceeded, found 31. Send several requests.',
    ],
    [
      'with one token too many',
      ofTokens(MAX_TOKENS + 1),
      'Token limit of 4000 exceeded. Move values into variables, or send several requests.',
    ],
    [
      'that costs too much',
      ofCost(Math.floor(MAX_COST / 3.5) + 1),
      'Query Cost limit of 10000 exceeded, found 10003. Select fewer fields, or fewer rows with first.',
    ],
  ])('%s is refused', async (_name, query, message) => {
    expect(await messagesOf(query)).toEqual([message])
  })

  it('is refused again, and not from a cache that forgot why', async () => {
    const first = await messagesOf(aliased(MAX_ALIASES + 1))
    expect(await messagesOf(aliased(MAX_ALIASES + 1))).toEqual(first)
    const tokens = await messagesOf(ofTokens(MAX_TOKENS + 1))
    expect(await messagesOf(ofTokens(MAX_TOKENS + 1))).toEqual(tokens)
  })

  it('cannot hide aliases or depth in fragments', async () => {
    const fragment = `fragment F on Query { ${repeat(11, (index) => `a${index}: leaf`)} }`
    expect(await messagesOf(`{ ...F x: node { ...F } y: node { ...F } } ${fragment}`)).toEqual([
      'Aliases limit of 30 exceeded, found 35. Send several requests.',
    ])
    const deep = `fragment D on Query ${nested(MAX_DEPTH)}`
    expect(await messagesOf(`{ node { ...D } } ${deep}`)).toEqual([
      'Query depth limit of 12 exceeded, found 13. Select fewer levels.',
    ])
  })

  it('that repeats a field more often than can be compared is refused', async () => {
    expect(await messagesOf(`{ ${repeat(3_000, () => 'leaf')} }`)).toEqual([
      'The query repeats fields so often that they cannot be compared. Select each field once.',
    ])
  })

  it('whose fragments name each other in a circle is refused and ends', async () => {
    const query = '{ ...A } fragment A on Query { node { ...B } } fragment B on Query { node { ...A } }'
    expect(await messagesOf(query)).toEqual(['Cannot spread fragment "A" within itself via "B".'])
  })
})

describe('the text of a query', () => {
  const request = (length: number) =>
    Buffer.from(JSON.stringify({ query: `${'#'.repeat(length - 6)}{leaf}` }))
  it('may have 65536 characters and no more', () => {
    expect(readPost(request(65_536)).query).toHaveLength(65_536)
    expect(() => readPost(request(65_537))).toThrow('query has 65537 characters; at most 65536 are taken')
  })
})
