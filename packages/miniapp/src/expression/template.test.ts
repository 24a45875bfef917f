import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MiniAppError } from '../errors.ts'
import { compileText, parsePlaceholders, textOf } from './template.ts'

/** Short form: texts as they are, placeholders as [syntax, key]. */
function parse(text: string): unknown[] {
  return parsePlaceholders(text).map((part) => (typeof part === 'string' ? part : [part.syntax, part.key]))
}

describe('parsePlaceholders', () => {
  const cases: [text: string, expected: unknown[]][] = [
    ['', []],
    ['plain', ['plain']],
    ['{{a}}', [['input', 'a']]],
    ['[[a]]', [['credential', 'a']]],
    ['{{ a.b }}', [['input', 'a.b']]],
    ['{{\n  a\n}}', [['input', 'a']]],
    ['x {{a}}{{b}} y', ['x ', ['input', 'a'], ['input', 'b'], ' y']],
    ['Basic [[user]]:[[pass]]', ['Basic ', ['credential', 'user'], ':', ['credential', 'pass']]],
    ['{{row.First Name}}', [['input', 'row.First Name']]],
    ['{{items[0].id}}', [['input', 'items[0].id']]],
    ['[[items[0]]]', [['credential', 'items[0]']]],
    ['[[items[0][1]]]', [['credential', 'items[0][1]']]],
    ["[[a['x, y']]]", [['credential', "a['x, y']"]]],
    ['[[2fa]]', [['credential', '2fa']]],
    ['{{{a}}}', ['{', ['input', 'a'], '}']],
    ['{"n":{{n}}}', ['{"n":', ['input', 'n'], '}']],
    ['[[[a]]]', ['[', ['credential', 'a'], ']']],
    ['{{ [[a]] }}', ['{{ ', ['credential', 'a'], ' }}']],
    ['[[ {{a}} ]]', ['[[ ', ['input', 'a'], ' ]]']],
    ['{{a', ['{{a']],
    ['{{a}', ['{{a}']],
    ['[[a]', ['[[a]']],
    ['a}} [[', ['a}} [[']],
    ['{{}} {{ }} [[]]', ['{{}} {{ }} [[]]']],
    ['{{a\0b}}', ['{{a\0b}}']],
    ['[[1,2],[3,4]]', ['[[1,2],[3,4]]']],
    ['[[1]] [[-2.5e3]] [["a"]] [[{"b":1}]]', ['[[1]] [[-2.5e3]] [["a"]] [[{"b":1}]]']],
    ['{{open {{a}}', ['{{open ', ['input', 'a']]],
    ['[[open [[a]]', ['[[open ', ['credential', 'a']]],
  ]
  it.each(cases)('%j', (text, expected) => {
    expect(parse(text)).toEqual(expected)
  })

  it('gives parts that cover the text in order', () => {
    const text = fc.stringMatching(/^[ab{}[\]. ]{0,30}$/)
    fc.assert(
      fc.property(text, (template) => {
        const parts = parsePlaceholders(template)
        expect(
          parts
            .map((part) => (typeof part === 'string' ? part : template.slice(part.start, part.end)))
            .join(''),
        ).toBe(template)
        expect(parts).not.toContain('')
      }),
      { numRuns: 500 },
    )
  })

  it('stays linear on brackets that are never closed', () => {
    for (const text of [
      '{{'.repeat(200_000),
      '[['.repeat(200_000),
      '[[a '.repeat(100_000),
      '{{a '.repeat(100_000),
    ]) {
      expect(parsePlaceholders(text)).toEqual([text])
    }
  })
})

describe('compileText', () => {
  const site = { pointer: '/a/b', place: 'body', where: 'the body' } as const

  it('says what a string holds', () => {
    expect(compileText('plain', site)).toMatchObject({
      constant: 'plain',
      whole: undefined,
      placeholders: [],
    })
    expect(compileText('{{a}}', site)).toMatchObject({
      constant: undefined,
      placeholders: [{ syntax: 'input', key: 'a', place: 'body', pointer: '/a/b', whole: true }],
    })
    expect(compileText('{{a}} ', site).placeholders).toMatchObject([{ whole: false }])
  })
})

describe('textOf', () => {
  it.each([
    ['text', 'text'],
    [3, '3'],
    [-0, '0'],
    [1e21, '1e+21'],
    [true, 'true'],
    [null, ''],
    [undefined, ''],
    [{ a: [1, null] }, '{"a":[1,null]}'],
    [[], '[]'],
  ])('%j is %j', (value, text) => {
    expect(textOf(value)).toBe(text)
  })

  it('refuses a value that is nested too deeply for JSON', () => {
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)
    expect(() => textOf(deep)).toThrow(MiniAppError)
  })
})
