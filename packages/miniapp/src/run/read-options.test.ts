import { describe, expect, it } from 'vitest'
import { definitionWith } from '../../test/definition.ts'
import { type Seen, testProvider } from '../../test/provider.ts'
import { compileDefinition } from '../compile.ts'
import type { ParameterSchema, SourceDefinition } from '../document.ts'
import type { Bags } from '../expression/scope.ts'
import { createRedactor } from '../request/redact.ts'
import { linkToNext } from './pagination.ts'
import { MAX_OPTION_PAGES, MAX_OPTIONS, readOptions } from './read-options.ts'

const provider = testProvider()
const BAGS: Bags = { credentials: { token: 'tok-123456' }, metadata: {}, userInput: {}, config: {} }

interface Load {
  source?: Partial<SourceDefinition>
  params?: Record<string, unknown>
  sourceRef?: string
  dependsOn?: string[]
}

function load({ source = {}, params = {}, sourceRef, dependsOn = [] }: Load = {}) {
  const parameters: ParameterSchema = {
    properties: {
      group: {
        type: 'object',
        properties: { item: { type: 'string', 'x-source': 'rpc_items', 'x-depends-on': dependsOn } },
      },
    },
  }
  const compiled = compileDefinition(
    definitionWith({
      actions: [{ name: 'act', title: 'Act', parameters, requests: [{ type: 'function', name: 'f' }] }],
      functions: { f: { params: [], code: 'return {}' } },
      source: {
        rpc_items: {
          url: 'https://api.acme.example/items',
          method: 'GET',
          headers: { Authorization: 'Bearer [[token]]' },
          valueField: 'id',
          labelField: 'name',
          ...source,
        },
      },
    }),
  )
  const one = compiled.sources.get('rpc_items')
  if (!one) throw new Error('the source was not compiled')
  const context = {
    bags: BAGS,
    input: params,
    system: {},
    allowedHosts: compiled.declaredHosts(BAGS),
    redact: createRedactor(compiled.secretsOf(BAGS)),
    functions: {},
    sourceRef,
  }
  return readOptions(one, context, provider.effects, { deadlineMs: 30_000 })
}

const paths = () => provider.seen.map(({ path }) => path)
const query = (seen: Seen, name: string) => new URL(seen.path, 'https://x.example').searchParams.get(name)

describe('readOptions', () => {
  it.each<[string, Partial<SourceDefinition>, unknown, unknown[]]>([
    ['the root where there is no dataPath', {}, [{ id: 1, name: 'One' }], [{ value: 1, label: 'One' }]],
    [
      'the root where dataPath is empty',
      { dataPath: '' },
      [{ id: 1, name: 'One' }],
      [{ value: 1, label: 'One' }],
    ],
    [
      'the root where dataPath is $',
      { dataPath: '$' },
      [{ id: 'a', name: 'A' }],
      [{ value: 'a', label: 'A' }],
    ],
    [
      'a bare dataPath',
      { dataPath: 'data.items' },
      { data: { items: [{ id: 1, name: 'One' }] } },
      [{ value: 1, label: 'One' }],
    ],
    [
      'fields by path',
      { valueField: 'a.id', labelField: '$.b[0]' },
      [{ a: { id: 7 }, b: ['Seven'] }],
      [{ value: 7, label: 'Seven' }],
    ],
    [
      'no item without a value',
      {},
      [{ name: 'x' }, { id: null }, { id: '' }, { id: {} }, { id: true }, { id: 0, name: 'Zero' }],
      [{ value: 0, label: 'Zero' }],
    ],
    [
      'the value where the label is missing',
      {},
      [{ id: 5 }, { id: 'a', name: null }, { id: 'b', name: 7 }],
      [
        { value: 5, label: '5' },
        { value: 'a', label: 'a' },
        { value: 'b', label: '7' },
      ],
    ],
    ['nothing of null', { dataPath: '$.items' }, { items: null }, []],
    [
      'texts themselves',
      { valueField: '$', labelField: '$' },
      ['a', 'b'],
      [
        { value: 'a', label: 'a' },
        { value: 'b', label: 'b' },
      ],
    ],
  ])('reads %s', async (_, source, json, options) => {
    provider.answer(() => ({ json }))
    expect(await load({ source })).toMatchObject({ ok: true, options })
  })

  it('keeps the digits of long ids', async () => {
    provider.answer(() => ({
      body: '[{"id":820982911946154508}]',
      headers: { 'Content-Type': 'application/json' },
    }))
    expect(await load()).toMatchObject({
      options: [{ value: '820982911946154508', label: '820982911946154508' }],
    })
  })

  it('takes another value field for a sourceRef', async () => {
    provider.answer(() => ({ json: [{ id: 1, slug: 'one', name: 'One' }] }))
    const source = { valueFields: { bySlug: 'slug' } }
    expect(await load({ source, sourceRef: 'bySlug' })).toMatchObject({ options: [{ value: 'one' }] })
    expect(await load({ source, sourceRef: 'other' })).toMatchObject({ options: [{ value: 1 }] })
  })

  it('lets only parameters through on which the field depends', async () => {
    provider.answer(() => ({ json: [] }))
    const source = {
      url: 'https://api.acme.example/{{owner}}',
      queryParams: { a: '{{repo}}', b: '{{secret}}' },
    }
    await load({ source, dependsOn: ['owner', 'repo'], params: { owner: 'octo', repo: 'r', secret: 's' } })
    expect(paths()).toEqual(['/octo?a=r'])
  })

  it('sends what the user types, in the query or where a template names it', async () => {
    provider.answer(() => ({ json: [] }))
    await load({ source: { searchParam: 'q', queryParams: { x: 1 } }, params: { q: 'a b' } })
    await load({ source: { searchParam: 'q', queryParams: { query: 'name:{{q}}' } }, params: { q: 'a' } })
    await load({ source: { searchParam: 'q' }, params: { q: '' } })
    expect(paths()).toEqual(['/items?x=1&q=a%20b', '/items?query=name%3Aa', '/items'])
  })

  it.each<[string, unknown, RegExp]>([
    ['an object at the root', { items: [] }, /list at the root of the answer; there is an object/],
    ['nothing', null, /never/],
  ])('says what is there instead of a list: %s', async (_, json, words) => {
    provider.answer(() => ({ json }))
    const outcome = await load()
    if (json === null) expect(outcome).toMatchObject({ ok: true, options: [] })
    else
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'EXTERNAL_API_ERROR', message: expect.stringMatching(words) },
      })
  })

  it('fails with the codes of actions and a redacted record', async () => {
    provider.answer(() => ({ status: 401, json: { message: 'bad tok-123456' } }))
    const outcome = await load()
    expect(outcome).toMatchObject({ ok: false, error: { code: 'AUTH_EXPIRED' }, step: { status: 'failed' } })
    expect(JSON.stringify(outcome)).not.toContain('tok-123456')
  })
})

describe('the pages of a source', () => {
  const ids = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ id: from + index }))
  const total = (outcome: Awaited<ReturnType<typeof load>>) =>
    outcome.ok ? outcome.options.length : outcome.error.message

  it.each<[string, SourceDefinition['pagination'], (seen: Seen, count: number) => object, number, string[]]>([
    [
      'the plain form, until a page is shorter than the one before',
      { paramName: 'per_page', defaultLimit: 2 },
      (seen) => ({ json: ids(Number(query(seen, 'page')) * 2, query(seen, 'page') === '3' ? 1 : 2) }),
      5,
      ['/items?per_page=2&page=1', '/items?per_page=2&page=2', '/items?per_page=2&page=3'],
    ],
    [
      'the plain form of a provider that knows no pages',
      { paramName: 'per_page', defaultLimit: 2 },
      () => ({ json: ids(1, 2) }),
      2,
      ['/items?per_page=2&page=1', '/items?per_page=2&page=2'],
    ],
    [
      'numbers from 0',
      { type: 'page', pageParam: 'p', startPage: 0 },
      (seen) => ({ json: query(seen, 'p') === '0' ? ids(1, 2) : [] }),
      2,
      ['/items?p=0', '/items?p=1'],
    ],
    [
      'offsets',
      { type: 'offset', offsetParam: 'skip', paramName: 'take', defaultLimit: 3 },
      (seen) => ({ json: ids(Number(query(seen, 'skip')), query(seen, 'skip') === '3' ? 1 : 3) }),
      4,
      ['/items?take=3&skip=0', '/items?take=3&skip=3'],
    ],
    [
      'cursors, until the provider says there is no more',
      { type: 'cursor', cursorParam: 'after', cursorPath: '$.next', hasMorePath: '$.more' },
      (seen) => ({
        json: {
          items: ids(1, 1),
          next: `${query(seen, 'after') ?? ''}c`,
          more: query(seen, 'after') !== 'cc',
        },
      }),
      3,
      ['/items', '/items?after=c', '/items?after=cc'],
    ],
    [
      'Link headers',
      { type: 'link', paramName: 'per_page', defaultLimit: 1 },
      (_, count) => ({
        json: ids(count, 1),
        ...(count < 3 && {
          headers: { Link: `<https://api.acme.example/items?page=${count + 1}>; rel="next"` },
        }),
      }),
      3,
      ['/items?per_page=1', '/items?page=2', '/items?page=3'],
    ],
    [
      'next URLs, also relative ones',
      { type: 'nextUrl', nextUrlPath: 'next' },
      (_, count) => ({ json: { items: ids(count, 1), next: count === 1 ? '/items?c=2' : null } }),
      2,
      ['/items', '/items?c=2'],
    ],
    ['one page', { type: 'none' }, () => ({ json: ids(1, 2) }), 2, ['/items']],
  ])('follow %s', async (...[, pagination, respond, count, expected]) => {
    provider.answer(respond)
    const nested = ['cursor', 'nextUrl'].includes((pagination as { type?: string }).type ?? '')
    const outcome = await load({
      source: { ...(nested && { dataPath: 'items' }), ...(pagination && { pagination }) },
    })
    expect(total(outcome)).toBe(count)
    expect(paths()).toEqual(expected)
  })

  it('send the cursor in a JSON body where it belongs there', async () => {
    provider.answer((seen) => ({
      json: { items: ids(1, 1), next: JSON.parse(seen.body).variables.after ? null : 'c1' },
    }))
    const pagination = {
      type: 'cursor' as const,
      cursorParam: 'variables.after',
      cursorPath: 'next',
      in: 'body' as const,
    }
    const body = { query: 'q', variables: { first: 10 } }
    await load({ source: { method: 'POST', body, dataPath: 'items', pagination } })
    expect(provider.seen.map((seen) => JSON.parse(seen.body).variables)).toEqual([
      { first: 10 },
      { first: 10, after: 'c1' },
    ])
  })

  it.each<[string, SourceDefinition['pagination'], (count: number) => object, RegExp]>([
    ['repeats a page', { type: 'page' }, () => ({ json: { items: ids(1, 2) } }), /same page twice/],
    [
      'repeats a cursor',
      { type: 'cursor', cursorParam: 'c', cursorPath: 'next' },
      () => ({ json: { items: ids(1, 2), next: 'x' } }),
      /same cursor twice/,
    ],
    [
      'points to another address',
      { type: 'nextUrl', nextUrlPath: 'next' },
      () => ({ json: { items: [], next: 'https://evil.example/' } }),
      /another address/,
    ],
    [
      'points to the page itself',
      { type: 'nextUrl', nextUrlPath: 'next' },
      () => ({ json: { items: [], next: '/items' } }),
      /the page itself/,
    ],
  ])('fail where the provider %s', async (_, pagination, respond, words) => {
    provider.answer((_seen, count) => respond(count))
    const outcome = await load({ source: { dataPath: 'items', ...(pagination && { pagination }) } })
    expect(total(outcome)).toMatch(words)
  })

  it(`end after ${MAX_OPTION_PAGES} pages and ${MAX_OPTIONS} options`, async () => {
    provider.answer((_, count) => ({ json: ids(count * 1000, 2) }))
    expect(total(await load({ source: { pagination: { type: 'page' } } }))).toBe(2 * MAX_OPTION_PAGES)
    provider.answer((_, count) => ({ json: ids(count * 1000, 700) }))
    expect(total(await load({ source: { pagination: { type: 'page' } } }))).toBe(MAX_OPTIONS)
  })
})

describe('linkToNext', () => {
  it.each<[string, string | undefined]>([
    ['<https://a/2>; rel="next"', 'https://a/2'],
    ['<https://a/1>; rel="prev", <https://a/2,3>; rel=next; title="x"', 'https://a/2,3'],
    ['<https://a/2>; title="t"; rel="last next"', 'https://a/2'],
    ['<https://a/9>; rel="last"', undefined],
    ['<https://a/2>; rel="nextish"', undefined],
    ['', undefined],
  ])('of %j is %j', (header, target) => {
    expect(linkToNext(header)).toBe(target)
  })
})
