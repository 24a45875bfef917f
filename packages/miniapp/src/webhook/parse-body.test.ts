import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTooDeep, MAX_BODY_DEPTH } from './body-depth.ts'
import { parseBody } from './parse-body.ts'

const UTF8 = new TextEncoder()

function parse(body: string | Uint8Array, contentType?: string) {
  return parseBody({
    headers: contentType === undefined ? {} : { 'Content-Type': contentType },
    rawBody: typeof body === 'string' ? UTF8.encode(body) : body,
  })
}

const bodyOf = (body: string | Uint8Array, contentType?: string) => {
  const parsed = parse(body, contentType)
  return parsed.ok ? parsed.body : parsed
}

describe('JSON', () => {
  it.each<[string | undefined, string, unknown]>([
    ['application/json', '{"a":1}', { a: 1 }],
    ['application/vnd.shop+json; charset=utf-8', '[1]', [1]],
    ['application/json', '42', 42],
    ['application/json', ' ', null],
    [undefined, ' {"a":1}', { a: 1 }],
    ['text/plain', '[1]', [1]],
    ['text/plain', '42', '42'],
    ['text/plain', '{not json', '{not json'],
    ['application/octet-stream', '{"a":1}', '{"a":1}'],
  ])('of the type %s: %s', (type, text, expected) => expect(bodyOf(text, type)).toEqual(expected))

  it('keeps the digits of big numbers and the key __proto__', () => {
    expect(bodyOf('{"id":12345678901234567890,"__proto__":{"a":1}}', 'application/json')).toEqual(
      JSON.parse('{"id":"12345678901234567890","__proto__":{"a":1}}'),
    )
  })

  it('that is none stays text, and a note says so', () => {
    expect(parse('{"a":', 'application/json')).toEqual({
      ok: true,
      body: '{"a":',
      note: 'The body is labelled application/json, and it is no JSON; it is read as text.',
    })
  })

  it(`is refused beyond ${MAX_BODY_DEPTH} levels`, () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
    expect(parse(nested(MAX_BODY_DEPTH), 'application/json')).toMatchObject({ ok: true })
    const refused = { ok: false, reason: 'The body is nested more than 100 levels deep.' }
    expect(parse(nested(MAX_BODY_DEPTH + 1), 'application/json')).toEqual(refused)
    expect(parse(`{"id":12345678901234567890,"a":${nested(5000)}}`, 'application/json')).toEqual(refused)
    expect(parse(`payload=${nested(101)}`, 'application/x-www-form-urlencoded')).toEqual(refused)
  })

  it('is not nested by brackets in its texts', () => {
    const text = JSON.stringify({ a: '[{'.repeat(200), b: '\\"['.repeat(200), c: [[{ d: '\\' }]] })
    expect(isTooDeep(text)).toBe(false)
    expect(isTooDeep(`{"a":"\\\\",${'"b":['.repeat(101)}`)).toBe(true)
  })

  it('has as many levels as its value', () => {
    const levels = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levels)) : 0
    const wrap = (value: unknown, times: number): unknown =>
      times === 0 ? value : wrap([value, '{['], times - 1)
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 94, max: 102 }), (value, times) => {
        const nested = wrap(value, times)
        expect(isTooDeep(JSON.stringify(nested))).toBe(levels(nested) > MAX_BODY_DEPTH)
      }),
      { numRuns: 200 },
    )
  })
})

describe('forms', () => {
  const form = 'application/x-www-form-urlencoded'
  it.each<[string, unknown]>([
    ['a=1&b=x+y', { a: '1', b: 'x y' }],
    ['a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['payload=%7B%22action%22%3A%22opened%22%7D', { action: 'opened' }],
    ['payload=text', { payload: 'text' }],
    ['payload=1', { payload: '1' }],
    ['payload=%7B%7D&token=t', { payload: '{}', token: 't' }],
  ])('%s', (text, expected) => expect(bodyOf(text, `${form}; charset=utf-8`)).toEqual(expected))

  it('with a hundred thousand names are read in one pass', () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `f${index}=${index}`)
    expect(Object.keys(bodyOf(names.join('&'), form) as object)).toHaveLength(names.length)
  })
})

describe('XML', () => {
  it.each<[string, string, unknown]>([
    ['text', '<order>7</order>', { order: '7' }],
    ['nothing', '<order/>', { order: '' }],
    ['attributes and text', '<order id="5">paid</order>', { order: { '@id': '5', '#text': 'paid' } }],
    [
      'children, repeated ones and white space between them',
      '<?xml version="1.0"?>\n<o:order>\n <item>a</item>\n <item n="2"/>\n <total>9.50</total>\n</o:order>',
      { 'o:order': { item: ['a', { '@n': '2' }], total: '9.50' } },
    ],
    ['text between children', '<p>one <b>two</b> three</p>', { p: { b: 'two', '#text': 'one  three' } }],
    ['CDATA and the entities of XML itself', '<a><![CDATA[<x>&]]>&amp;&#x41;&lt;</a>', { a: '<x>&&A<' }],
    ['names of prototypes', '<a><__proto__>1</__proto__></a>', { a: JSON.parse('{"__proto__":"1"}') }],
  ])('with %s', (_name, text, expected) => {
    expect(bodyOf(text, 'application/xml')).toEqual(expected)
    expect(bodyOf(`<?xml version="1.0"?>${text.replace(/^<\?.*\?>\n/, '')}`)).toEqual(expected)
  })

  it.each([
    ['a document type', '<!DOCTYPE a><a/>', 'it has a document type, which is not read'],
    [
      'an entity',
      '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
      'it is not well-formed',
    ],
    ['an unknown entity', '<a>&nbsp;</a>', 'it is not well-formed'],
    ['an open element', '<a><b></a>', 'it is not well-formed'],
  ])('with %s stays text', (_name, text, reason) => {
    expect(parse(text, 'text/xml')).toEqual({
      ok: true,
      body: text,
      note: `The body is labelled text/xml, and ${reason}; it is read as text.`,
    })
  })

  it('is refused beyond the same depth, however deep', () => {
    const nested = (levels: number) => `${'<a>'.repeat(levels)}${'</a>'.repeat(levels)}`
    expect(parse(nested(MAX_BODY_DEPTH), 'text/xml')).toMatchObject({ ok: true })
    for (const levels of [MAX_BODY_DEPTH + 1, 200_000])
      expect(parse(nested(levels), 'text/xml')).toMatchObject({ ok: false })
  })
})

describe('charsets', () => {
  const arabic = Uint8Array.of(0x22, 0xd8, 0xe1, 0xc8, 0x22)
  it('are those of the type, of the byte order mark, or of the XML declaration', () => {
    expect(bodyOf(arabic, 'application/json; charset=windows-1256')).toBe('طلب')
    expect(bodyOf(Uint8Array.of(0xff, 0xfe, 0x5b, 0, 0x5d, 0), 'application/json; charset=utf-8')).toEqual([])
    const declaration = UTF8.encode('<?xml version="1.0" encoding="ISO-8859-1"?><a>')
    const xml = Uint8Array.of(...declaration, 0xe9, ...UTF8.encode('</a>'))
    expect(bodyOf(xml, 'text/xml')).toEqual({ a: 'é' })
    expect(bodyOf('é', 'text/plain; charset=unknown')).toBe('é')
  })
})

it('nothing is null', () => expect(bodyOf('', 'application/json')).toBeNull())

it('never throws, whatever comes', () => {
  const types = ['application/json', 'application/x-www-form-urlencoded', 'text/xml', 'text/plain', undefined]
  const pieces = fc.constantFrom(
    '<a>',
    '</a>',
    '<?xml',
    '&',
    ';',
    '<![CDATA[',
    ']]>',
    '{',
    '[',
    '"',
    '\\',
    'payload=',
    '=',
    '%',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(pieces).map((parts) => UTF8.encode(parts.join(''))),
      ),
      fc.oneof(fc.constantFrom(...types), fc.string()),
      (bytes, type) => {
        expect(typeof parse(bytes, type).ok).toBe('boolean')
      },
    ),
    { numRuns: 500 },
  )
})
