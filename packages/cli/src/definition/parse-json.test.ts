import { describe, expect, it } from 'vitest'
import { parseJsonSource } from './parse-json.ts'

const read = (text: string, lenient = false) => {
  const parsed = parseJsonSource(text, { lenient })
  if (!parsed.ok) throw new Error(parsed.faults[0]?.message)
  return parsed
}
const faults = (text: string, lenient = false) => {
  const parsed = parseJsonSource(text, { lenient })
  return parsed.ok ? [] : parsed.faults
}

describe('values', () => {
  it.each(['{"a":[1,2.5,-3e2,true,false,null,"x\\u00e9\\n"]}', '[]', '"text"', '0', 'null'])('%s', (text) => {
    expect(read(text).value).toEqual(JSON.parse(text))
  })

  it('keeps a member called __proto__ as a member', () => {
    const value = read('{"__proto__": {"admin": true}}').value as Record<string, unknown>
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(value['admin']).toBeUndefined()
  })

  it('reads comments and commas after the last element where they are allowed', () => {
    const text = '{ // ns\n "a": [1, 2,], /* more */ }'
    expect(read(text, true).value).toEqual({ a: [1, 2] })
  })
})

describe('faults', () => {
  it.each([
    ['a comma is missing', '{"a": 1 "b": 2}', 8, /comma/],
    ['a comma is too many', '{"a": 1,}', 8, /no comma/],
    ['a name has no quotes', '{a: 1}', 1, /double quotes/],
    ['a text is not closed', '{"a": "x\n}', 6, /not closed/],
    ['an object is not closed', '{"a": 1', 7, /not closed/],
    ['something follows', '{} x', 3, /./],
    ['a comment stands in JSON', '{ // x\n}', 2, /\.jsonc/],
    ['the file is empty', ' \n', 0, /empty/],
  ])('%s', (_name, text, offset, message) => {
    const [fault, ...others] = faults(text)
    expect(fault).toMatchObject({ message: expect.stringMatching(message), span: { offset } })
    expect(others).toEqual([])
  })

  it('names every property that stands twice in one object', () => {
    expect(faults('{"a": {"b": 1, "b": 2}, "c": 1, "c": 2}')).toMatchObject([
      { message: 'The property "b" stands twice in one object.', span: { offset: 15 } },
      { message: 'The property "c" stands twice in one object.', span: { offset: 32 } },
    ])
  })

  it('refuses nesting that would overflow the stack', () => {
    const deep = 200_000
    expect(faults(`${'['.repeat(deep)}${']'.repeat(deep)}`)[0]?.message).toMatch(/nested too deeply/)
  })
})

describe('places', () => {
  const text = '{"a": {"b/c": [10, {"d": null}]}}'
  it.each([
    ['the document', '', 'value', text],
    ['a value', '/a/b~1c/0', 'value', '10'],
    ['a null', '/a/b~1c/1/d', 'value', 'null'],
    ['a name', '/a/b~1c', 'name', '"b/c"'],
    ['an element has no name', '/a/b~1c/0', 'name', '10'],
    ['what is missing is at the name around it', '/a/b~1c/1/e/f', 'value', '{"d": null}'],
    ['an index is a number', '/a/b~1c/x', 'value', '"b/c"'],
  ] as const)('%s', (_name, pointer, part, expected) => {
    const span = read(text).locate(pointer, part)
    expect(text.slice(span?.offset, (span?.offset ?? 0) + (span?.length ?? 0))).toBe(expected)
  })
})

describe('names that stand twice', () => {
  it.each([
    ['{"a": 1, "a": 2}', 1],
    ['{"a": {"b": 1, "c": {"b": 2, "b": 3}}}', 1],
    ['{"__proto__": 1, "__proto__": 2}', 1],
    ['{"a": "\\"b\\": 1", "b": ["c : \\\\", "d"]}', 0],
    ['{"a" \n : {"a" : 1}, "b":"x:y"}', 0],
  ])('in %s: %i', (text, count) => {
    const parsed = parseJsonSource(text, { lenient: false })
    expect(parsed.ok ? 0 : parsed.faults.length).toBe(count)
  })
})
