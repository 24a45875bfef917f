import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { numberFromText, parseJson } from './json.ts'

describe('parseJson', () => {
  const cases: [name: string, text: string, expected: unknown][] = [
    ['a plain document', '{"a":[1,"x",null,true,2.5]}', { a: [1, 'x', null, true, 2.5] }],
    ['the largest exact integer stays a number', '{"id":9007199254740991}', { id: 9007199254740991 }],
    ['the first integer beyond keeps its digits', '{"id":9007199254740993}', { id: '9007199254740993' }],
    ['2^53 itself cannot be told from its neighbour', '[9007199254740992]', ['9007199254740992']],
    ['a negative one', '[-12345678901234567890]', ['-12345678901234567890']],
    ['a decimal beyond 2^53', '{"total":12345678901234567.89}', { total: '12345678901234567.89' }],
    ['a long fraction below 2^53 stays a number', '[0.12345678901234567]', [Number('0.12345678901234567')]],
    [
      'a short exponent beside long digits stays a number',
      '[1e20,"1234567890123456"]',
      [1e20, '1234567890123456'],
    ],
    [
      'digits inside a string stay what they are',
      '{"card":"4111111111111111"}',
      { card: '4111111111111111' },
    ],
    ['a number at the root', '12345678901234567890', '12345678901234567890'],
    [
      'an own key __proto__',
      '{"__proto__":{"id":12345678901234567890}}',
      JSON.parse('{"__proto__":{"id":"12345678901234567890"}}'),
    ],
  ]
  it.each(cases)('%s', (_name, text, expected) => {
    expect(parseJson(text)).toStrictEqual(expected)
  })

  it.each(['', '{', '{"a":12345678901234567890', 'undefined', "{'a':1}"])(
    'throws a SyntaxError for %j',
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError)
    },
  )

  it('throws a SyntaxError where long digits are nested too deeply to be kept', () => {
    const deep = `${'['.repeat(100_000)}12345678901234567890${']'.repeat(100_000)}`
    expect(() => parseJson(deep)).toThrow(new SyntaxError('the JSON text is nested too deeply'))
  })

  it('keeps the digits of every integer and reads everything else as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.json(), (integer, json) => {
        const [digits, rest] = parseJson(`[${integer},${json}]`) as [unknown, unknown]
        expect(String(digits)).toBe(String(integer))
        expect(typeof digits).toBe(
          integer > 2n ** 53n - 1n || integer < -(2n ** 53n - 1n) ? 'string' : 'number',
        )
        if (!/\d{16}/.test(json)) expect(rest).toStrictEqual(JSON.parse(json))
      }),
    )
  })
})

describe('numberFromText', () => {
  const cases: [text: string, expected: number | string | undefined][] = [
    ['0', 0],
    ['-12.50', -12.5],
    ['1e3', 1000],
    ['9007199254740993', '9007199254740993'],
    ['12,5', undefined],
    ['012', undefined],
    ['+1', undefined],
    ['.5', undefined],
    ['1.', undefined],
    [' 1', undefined],
    ['0x10', undefined],
    ['', undefined],
    ['NaN', undefined],
    ['1e999', undefined],
  ]
  it.each(cases)('reads %j as %j', (text, expected) => {
    expect(numberFromText(text)).toBe(expected)
  })
})

it('finds a big number wherever it stands among others', () => {
  const before = fc.array(fc.constantFrom('1', '123456789012345', '"a"', 'null', '0.5'), { maxLength: 6 })
  fc.assert(
    fc.property(before, before, (left, right) => {
      const text = `[${[...left, '1234567890123456789', ...right].join(',')}]`
      expect(parseJson(text)).toEqual(
        JSON.parse(text.replace('1234567890123456789', '"1234567890123456789"')),
      )
    }),
  )
})
