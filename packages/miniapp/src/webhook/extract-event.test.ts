import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { WebhookDefinition } from '../document.ts'
import { DefinitionError } from '../expression/definition-error.ts'
import { compileEventExtraction, MAX_EVENT_CHARACTERS } from './extract-event.ts'
import type { Delivery } from './read-part.ts'

type EventExtraction = NonNullable<WebhookDefinition['eventExtraction']>

interface EventCase extends Partial<Delivery> {
  name: string
  extraction: EventExtraction
  expect: string | null
}

const vectors = JSON.parse(readFileSync(new URL('../../vectors/events.json', import.meta.url), 'utf8')) as {
  events: EventCase[]
}

function extract(eventExtraction: EventExtraction, delivery: Partial<Delivery>): string | undefined {
  return compileEventExtraction({ eventExtraction })({ headers: {}, query: {}, body: null, ...delivery })
}

const body = (path: string, more: Partial<EventExtraction> = {}): EventExtraction => ({
  source: 'body',
  path,
  ...more,
})

describe('events.json', () => {
  it.each(vectors.events)('$name', ({ extraction, headers = {}, query = {}, body, expect: expected }) => {
    expect(extract(extraction, { headers, query, body }) ?? null).toBe(expected)
  })
})

describe('the name of an event', () => {
  it.each<[string, EventExtraction, Partial<Delivery>, string | undefined]>([
    ['is trimmed', body('e'), { body: { e: '  order.created\n' } }, 'order.created'],
    ['may be false', body('e'), { body: { e: false } }, 'false'],
    ['may be zero', body('e'), { body: { e: 0 } }, '0'],
    ['is no list', body('e'), { body: { e: ['x'] } }, undefined],
    ['is not null', body('e'), { body: { e: null } }, undefined],
    ['is the text of a body that is no JSON', body('$'), { body: 'ping' }, 'ping'],
    ['is missing where the body is empty', body('$.e'), {}, undefined],
    [
      'comes from the fallback where the first place is blank',
      body('e', { fallback: { source: 'query', path: 'topic' } }),
      { body: { e: ' ' }, query: { topic: 'x' } },
      'x',
    ],
    [
      'is missing where neither place has one',
      body('e', { fallback: { source: 'query', path: 'topic' } }),
      { query: { Topic: 'x' } },
      undefined,
    ],
    [
      'falls back where all parts of a composite are missing or no scalars',
      body('ignored', {
        compositeStrategy: {
          parts: [
            { source: 'body', path: 'a' },
            { source: 'header', path: 'X-B' },
          ],
        },
        fallback: { source: 'body', path: 'c' },
      }),
      { body: { a: {}, c: 'z', ignored: 'i' }, headers: { 'x-b': '' } },
      'z',
    ],
    [
      'is renamed after the fallback was read',
      body('e', { fallback: { source: 'header', path: 'X-T' }, map: { 'a/b': 'a.b' } }),
      { headers: { 'x-t': ' a/b ' } },
      'a.b',
    ],
    ['keeps the name that a map does not know', body('e', { map: { a: 'b' } }), { body: { e: 'c' } }, 'c'],
    ['is not renamed by a prototype', body('e', { map: {} }), { body: { e: 'constructor' } }, 'constructor'],
    ['reads no prototype of the headers', { source: 'header', path: 'constructor' }, {}, undefined],
  ])('%s', (_name, extraction, delivery, expected) => {
    expect(extract(extraction, delivery)).toBe(expected)
  })

  it('joins parts with the separator, blanks around them left out', () => {
    const parts = ['a', 'b', 'c'].map((path) => ({ source: 'body' as const, path }))
    const composite = body('e', { compositeStrategy: { parts, separator: ':' } })
    expect(extract(composite, { body: { a: ' order ', b: ' ', c: 7 } })).toBe('order:7')
  })

  it(`has at most ${MAX_EVENT_CHARACTERS} characters and no broken ones`, () => {
    const long = (text: string) => extract(body('e'), { body: { e: text } })
    const fitting = 'x'.repeat(MAX_EVENT_CHARACTERS)
    expect(long(fitting)).toBe(fitting)
    expect(long(`${fitting}y`)).toBe(fitting)
    expect(long(`${fitting.slice(1)}\u{1f600}`)).toBe(fitting.slice(1))
  })

  it('is not looked for where the webhook does not say where', () => {
    const delivery = { headers: {}, query: {}, body: { event: 'x' } }
    for (const webhook of [undefined, null, {}]) {
      expect(compileEventExtraction(webhook)(delivery)).toBeUndefined()
    }
  })

  it('cannot be compiled from a path that does not parse, and says where it stands', () => {
    const compile = () => compileEventExtraction({ eventExtraction: body('e', { fallback: body('$.[') }) })
    expect(compile).toThrow(DefinitionError)
    expect(compile).toThrow(expect.objectContaining({ pointer: '/webhook/eventExtraction/fallback/path' }))
  })
})
