import { describe, expect, it } from 'vitest'
import { locateInModule } from './locate-in-module.ts'
import type { Part } from './source-document.ts'

function textAt(
  source: string,
  pointer: string,
  part: Part = 'value',
  typescript = true,
): string | undefined {
  const span = locateInModule(source, { typescript })(pointer, part)
  return span && source.slice(span.offset, span.offset + span.length)
}

const MODULE = `
import type { Definition } from 'miniapp'
const auth = { type: 'apikey', form: { apiKey: { label: 'Key' } } } as const
const base: string = 'https://api.example.com'
export default {
  ns: 'my-app',
  'title': 'My /* app */ {',
  auth,
  // a comment with }
  actions: [{ name: 'go', requests: [{ url: \`\${base}/x\`, method: 'GET' }] }],
} satisfies Definition
`

describe('a place in a module', () => {
  it.each<[string, Part, string]>([
    ['/ns', 'value', "'my-app'"],
    ['/ns', 'name', 'ns'],
    ['/title', 'name', "'title'"],
    ['/auth/type', 'value', "'apikey'"],
    ['/auth/form/apiKey/label', 'value', "'Key'"],
    ['/actions/0/requests/0/method', 'value', "'GET'"],
    ['/actions/0/requests/0/url', 'value', '`${base}/x`'],
  ])('%s (%s) is %s', (pointer, part, text) => {
    expect(textAt(MODULE, pointer, part)).toBe(text)
  })

  it('that is not written out is at the nearest part around it', () => {
    expect(textAt(MODULE, '/actions/0/title')).toBe('{')
    expect(textAt(MODULE, '/auth/form/secret')).toBe('form')
    expect(textAt(MODULE, '/label')).toBe('{')
  })

  it('is found behind a function and behind names', () => {
    const source = 'const app = { ns: "a" }\nconst named = app\nexport default defineMiniApp(named)'
    expect(textAt(source, '/ns', 'value', false)).toBe('"a"')
  })

  it('is not guessed after a spread or a computed name', () => {
    const source = 'export default { ns: "a", ...more, list: [...some, { x: 1 }], [name]: 2 }'
    expect(textAt(source, '/ns')).toBe('{')
    expect(textAt(source, '/list/1/x')).toBe('list')
  })

  it.each([
    'export default make()',
    'export default function () {}',
    'export const a = 1',
    'const x = x; export default x',
    '{{',
  ])('of %s is nowhere near a guess', (source) => {
    expect(textAt(source, '/ns') ?? '').not.toContain('ns')
  })
})
