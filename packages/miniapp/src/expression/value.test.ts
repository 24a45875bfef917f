import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DefinitionError } from './definition-error.ts'
import { createCredentialScope, createInputScope, type Scopes } from './scope.ts'
import { compileArgs, compileValue, MAX_TEMPLATE_DEPTH } from './value.ts'

function scopesWith(input: Record<string, unknown>, credentials: Record<string, unknown> = {}): Scopes {
  return {
    input: createInputScope({ input, outputs: {}, userInput: {}, metadata: {}, system: {} }),
    credential: createCredentialScope({ credentials, metadata: {}, config: {} }),
  }
}

const render = (
  template: unknown,
  input: Record<string, unknown> = {},
  credentials: Record<string, unknown> = {},
) => compileValue(template, '/body').render(scopesWith(input, credentials))

describe('compileValue', () => {
  const cases: [name: string, template: unknown, expected: unknown][] = [
    ['nothing to fill in', { a: [1, null, true, 'x'] }, { a: [1, null, true, 'x'] }],
    ['null', null, null],
    ['a whole value that does not resolve', '{{nope}}', undefined],
    ['property names are never expanded', { '{{a}}': '{{a}}' }, { '{{a}}': 'A' }],
    ['nested at any depth', { x: [{ y: [['{{a}}']] }] }, { x: [{ y: [['A']] }] }],
    ['objects stay where all their properties are left out', { x: { y: '{{nope}}' } }, { x: {} }],
    ['elements are dropped, not emptied', ['{{nope}}', '{{nul}}', 'x{{nope}}'], [null, 'x']],
    [
      'a value with placeholders is not expanded',
      ['{{template}}', 'a {{template}}'],
      ['{{a}} [[token]]', 'a {{a}} [[token]]'],
    ],
  ]
  it.each(cases)('%s', (_name, template, expected) => {
    expect(
      render(template, { a: 'A', nul: null, template: '{{a}} [[token]]' }, { token: 'T' }),
    ).toStrictEqual(expected)
  })

  it('keeps __proto__ as an own property name', () => {
    const body = render(JSON.parse('{"__proto__":{"x":"{{a}}"},"b":1}'), { a: 1 })
    expect(JSON.stringify(body)).toBe('{"__proto__":{"x":1},"b":1}')
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype)
  })

  it('names key and place of a credential without a value, and where the template stands', () => {
    expect(() => render({ auth: { key: 'x[[apiKey]]' } })).toThrow(
      expect.objectContaining({
        code: 'NOT_CONFIGURED',
        path: '/body/auth/key',
        message: '[[apiKey]] in the body has no value: the connection does not hold "apiKey"',
      }),
    )
  })

  it('lists its placeholders with their pointers', () => {
    expect(compileValue({ a: ['{{x}}', 'b [[y]]'], 'c/d': '{{z}}' }, '/body').placeholders).toEqual([
      { syntax: 'input', key: 'x', place: 'body', pointer: '/body/a/0', whole: true },
      { syntax: 'credential', key: 'y', place: 'body', pointer: '/body/a/1', whole: false },
      { syntax: 'input', key: 'z', place: 'body', pointer: '/body/c~1d', whole: true },
    ])
  })

  it('takes templates of every allowed depth and no more', () => {
    const nest = (depth: number) => JSON.parse(`${'['.repeat(depth)}"{{a}}"${']'.repeat(depth)}`)
    expect(JSON.stringify(render(nest(MAX_TEMPLATE_DEPTH), { a: 1 }))).toContain('1')
    expect(() => compileValue(nest(MAX_TEMPLATE_DEPTH + 1), '/body')).toThrow(DefinitionError)
  })

  it('gives templates without placeholders back as they are, and whole values unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (template, value) => {
        const hasBrackets = /\{\{|\[\[/.test(JSON.stringify(template))
        if (!hasBrackets) expect(render(template)).toEqual(template)
        expect(render({ whole: '{{value}}' }, { value })).toEqual({ whole: value })
      }),
    )
  })
})

describe('compileArgs', () => {
  it('renders from input scope and leaves out what does not resolve', () => {
    const args = compileArgs({ rows: '{{rows}}', text: 'for {{who}}', none: '{{none}}' }, '/args')
    expect(args.render(scopesWith({ rows: [1], who: 'Al' }).input)).toEqual({ rows: [1], text: 'for Al' })
    expect(args.placeholders[0]).toMatchObject({ place: 'args', pointer: '/args/rows' })
  })

  it('refuses a credential when it is compiled', () => {
    expect(() => compileArgs({ deep: [{ key: 'x [[apiKey]]' }] }, '/args')).toThrow(
      expect.objectContaining({
        name: 'DefinitionError',
        pointer: '/args/deep/0/key',
        message: expect.stringContaining('[[apiKey]]'),
      }),
    )
  })
})
