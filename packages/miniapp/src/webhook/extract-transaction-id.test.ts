import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { WebhookDefinition } from '../document.ts'
import { DefinitionError } from '../expression/definition-error.ts'
import { compileTransactionId, MAX_TRANSACTION_ID_CHARACTERS } from './extract-transaction-id.ts'

type Definition = NonNullable<WebhookDefinition['transactionId']>

interface IdCase {
  name: string
  transactionId: Definition
  event: string
  headers?: Record<string, string>
  rawBody?: string
  body: unknown
  expect: string
}

const vectors = JSON.parse(readFileSync(new URL('../../vectors/events.json', import.meta.url), 'utf8')) as {
  transactionIds: IdCase[]
}

const UTF8 = new TextEncoder()
const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function idOf(transactionId: Definition, given: Partial<IdCase> = {}) {
  const { event, headers = {}, rawBody = '', body = {} } = given
  const delivery = { headers, query: { q: '9' }, body, rawBody: UTF8.encode(rawBody) }
  return compileTransactionId({ transactionId })?.idOf(delivery, event)
}

describe('events.json', () => {
  it.each(vectors.transactionIds)('$name', ({ transactionId, expect: expected, ...given }) => {
    expect(idOf(transactionId, given)).toMatchObject({ id: expected })
  })
})

const found = (id: string) => ({ from: 'delivery', id })
const hash = { from: 'body', id: EMPTY_HASH }
const override = (...paths: string[]) => ({ paths: ['$.id'], overrides: { e: { paths } } })

describe('the id of a delivery', () => {
  it.each<[string, Definition, Partial<IdCase>, unknown]>([
    [
      'is fresh where nothing is found and that is asked for',
      { paths: ['$.a'], fallback: 'generate' },
      {},
      { from: 'generate' },
    ],
    [
      'is the hash of the body where all are empty or no scalars',
      { paths: ['$.a', '$.b'] },
      { body: { a: {}, b: ' ' } },
      hash,
    ],
    ['may be zero or false', { paths: ['$.a'] }, { body: { a: 0 } }, found('0')],
    [
      'is not found where a joined part is missing',
      { paths: ['$.a', '$.b'], separator: '-' },
      { body: { a: 1 } },
      hash,
    ],
    [
      'is not found where a joined part is no scalar',
      { paths: ['$.a', '$.b'], separator: '-' },
      { body: { a: 1, b: [] } },
      hash,
    ],
    [
      'of an override with one path is that value',
      override('$.b'),
      { event: 'e', body: { b: 2, id: 1 } },
      found('2'),
    ],
    [
      'of an override does not fall back to the other paths',
      override('$.b', '$.c'),
      { event: 'e', body: { b: 2, id: 1 } },
      hash,
    ],
    ['of another event is the usual one', override('$.b'), { event: 'f', body: { b: 2, id: 1 } }, found('1')],
    ['of no event is the usual one', override('$.b'), { body: { b: 2, id: 1 } }, found('1')],
    [
      'is of no override called like a prototype',
      { paths: ['$.id'], overrides: {} },
      { event: 'constructor', body: { id: 1 } },
      found('1'),
    ],
    [
      'of an override is joined by its own separator',
      { paths: ['$.a'], separator: '-', overrides: { e: { paths: ['$.a', '$.b'], separator: ':' } } },
      { event: 'e', body: { a: 1, b: 2 } },
      found('1:2'),
    ],
    [
      'of an override is joined by the outer separator where it has none',
      { paths: ['$.a'], separator: '-', overrides: { e: { paths: ['$.a', '$.b'] } } },
      { event: 'e', body: { a: 1, b: 2 } },
      found('1-2'),
    ],
    ['may be a query parameter', { paths: [{ source: 'query', path: 'q' }] }, {}, found('9')],
    [
      'keeps its digits',
      { path: '$.id' },
      { body: { id: '12345678901234567890' } },
      found('12345678901234567890'),
    ],
    [
      'reads $.delivery from the header of GitHub',
      { paths: ['$.delivery'] },
      { headers: { 'x-github-delivery': 'guid' } },
      found('guid'),
    ],
    [
      'reads $.delivery from the body where it is there',
      { paths: ['$.delivery'] },
      { headers: { 'x-github-delivery': 'guid' }, body: { delivery: 'own' } },
      found('own'),
    ],
    [
      'reads no other path from that header',
      { paths: ['$.deliveryId'] },
      { headers: { 'x-github-delivery': 'guid' } },
      hash,
    ],
  ])('%s', (_name, definition, given, expected) => expect(idOf(definition, given)).toEqual(expected))

  it(`is known by its SHA-256 beyond ${MAX_TRANSACTION_ID_CHARACTERS} characters`, () => {
    const fitting = 'x'.repeat(MAX_TRANSACTION_ID_CHARACTERS)
    expect(idOf({ paths: ['a'] }, { body: { a: fitting } })).toEqual(found(fitting))
    const long = idOf({ paths: ['a'] }, { body: { a: `${fitting}y` } })
    expect(long).toEqual(found(expect.stringMatching(/^[0-9a-f]{64}$/) as unknown as string))
    expect(idOf({ paths: ['a'] }, { body: { a: `${fitting}z` } })).not.toEqual(long)
  })

  it('is remembered for a week, or as long as the definition says', () => {
    expect(compileTransactionId({ transactionId: { paths: ['a'] } })?.windowSeconds).toBe(604_800)
    expect(compileTransactionId({ transactionId: { paths: ['a'], windowSeconds: 60 } })?.windowSeconds).toBe(
      60,
    )
  })

  it.each([undefined, null, {}])('is not looked for where the webhook is %j', (webhook) =>
    expect(compileTransactionId(webhook)).toBeUndefined(),
  )

  it('cannot be compiled from a path that does not parse, and says where it stands', () => {
    const compile = () => compileTransactionId({ transactionId: override('$.[') })
    expect(compile).toThrow(DefinitionError)
    expect(compile).toThrow(
      expect.objectContaining({ pointer: '/webhook/transactionId/overrides/e/paths/0' }),
    )
  })
})
