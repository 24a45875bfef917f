import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DefinitionError } from './definition-error.ts'
import { createCredentialScope, createInputScope, type Scopes } from './scope.ts'
import { compileUrl } from './url.ts'

interface Values {
  input?: Record<string, unknown>
  outputs?: Record<string, unknown>
  userInput?: Record<string, unknown>
  credentials?: Record<string, unknown>
  config?: Record<string, unknown>
}

function scopesOf({
  input = {},
  outputs = {},
  userInput = {},
  credentials = {},
  config = {},
}: Values): Scopes {
  return {
    input: createInputScope({ input, outputs, userInput, metadata: {}, system: {} }),
    credential: createCredentialScope({ credentials, metadata: {}, config }),
  }
}

const render = (
  template: string,
  values: Values,
  options: { hostFromForm?: boolean; allowHttp?: boolean } = {},
) => compileUrl(template, '/url').render(scopesOf(values), { hostFromForm: true, ...options })

/** A template with one form value, which most cases are about. */
const withValue = (template: string, v: unknown) => render(template, { input: { v } })

describe('the path of a URL', () => {
  const cases: [template: string, value: unknown, expected: string][] = [
    ['https://h.example/a/{{v}}/b', 'x/y z', 'https://h.example/a/x/y%20z/b'],
    ['https://h.example/{{v}}', 'q?a=1#f&%2F', 'https://h.example/q%3Fa%3D1%23f%26%252F'],
    ['https://h.example/{{v}}', '%41/b', 'https://h.example/%2541/b'],
    ['https://h.example/{{v}}', 42, 'https://h.example/42'],
    ['https://h.example/{{v}}', false, 'https://h.example/false'],
    ['https://h.example/{{v}}', 'é\ud800', 'https://h.example/%C3%A9%EF%BF%BD'],
    ['https://h.example/{{v}}.json', '..a', 'https://h.example/..a.json'],
    ['https://h.example/{{v}}.{{v}}', 'a', 'https://h.example/a.a'],
    ['https://h.example/{{v}}', '{{v}} [[key]]', 'https://h.example/%7B%7Bv%7D%7D%20%5B%5Bkey%5D%5D'],
    ['https://h.example/ä b/%20', '', 'https://h.example/%C3%A4%20b/%20'],
  ]
  it.each(cases)('%s with %j', (template, value, expected) => {
    expect(withValue(template, value)).toBe(expected)
  })

  const refused: [name: string, value: unknown, template?: string][] = [
    ['..', '..'],
    ['.', '.'],
    ['../ in front', '../admin'],
    ['/.. at the end', 'a/..'],
    ['/./ inside', 'a/./b'],
    ['an encoded ..', '%2e%2E/admin'],
    ['a backslash', 'a\\b'],
    ['a tab', 'a\tb'],
    ['a line feed', 'a\nb'],
    ['DEL', 'a\u007f'],
    ['nothing', undefined],
    ['null', null],
    ['the empty text', ''],
    ['a dot that meets a literal dot', '/x', 'https://h.example/a/.{{v}}'],
    ['a dot that meets an encoded one', '/x', 'https://h.example/a/%2E%2e{{v}}'],
  ]
  it.each(refused)('refuses %s', (_name, value, template = 'https://h.example/a/{{v}}') => {
    expect(() => withValue(template, value)).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR', path: '/url' }),
    )
  })

  it('names key and place', () => {
    expect(() => withValue('https://h.example/{{v}}', '..')).toThrow(
      '{{v}} in the path of the URL holds a "." or ".." segment',
    )
    expect(() => withValue('https://h.example/{{v}}', null)).toThrow(
      '{{v}} in the path of the URL has no value',
    )
    expect(() => withValue('https://h.example/[[key]]', 1)).toThrow(
      expect.objectContaining({ code: 'NOT_CONFIGURED' }),
    )
  })

  it('keeps the value of a parameter marked as one segment in one segment', () => {
    const url = compileUrl('https://h.example/{{file}}/{{file.name}}/{{dir}}', '/url', {
      segmentKeys: new Set(['file']),
    })
    const input = { file: { name: 'a/b' }, dir: 'c/d', 'file.x': 1 }
    expect(url.render(scopesOf({ input }), { hostFromForm: true })).toBe(
      'https://h.example/%7B%22name%22%3A%22a%2Fb%22%7D/a%2Fb/c/d',
    )
  })
})

describe('the query of a URL', () => {
  const cases: [template: string, value: unknown, expected: string][] = [
    ['https://h.example/?a={{v}}', 'x&y=z#/é', '?a=x%26y%3Dz%23%2F%C3%A9'],
    ['https://h.example/?id={{v}}&b=1', [1, null, 2], '?id=1&id=2&b=1'],
    ['https://h.example/?id={{v}}', [], ''],
    ['https://h.example/?a={{v}}&b=1', null, '?b=1'],
    ['https://h.example/?a={{v}}', undefined, ''],
    ['https://h.example/?a={{v}}', '', '?a='],
    ['https://h.example/?a={{v}}', { k: [1] }, '?a=%7B%22k%22%3A%5B1%5D%7D'],
    ['https://h.example/?a=x-{{v}}', undefined, '?a=x-'],
    ['https://h.example/?a=x-{{v}}', [1, 2], '?a=x-%5B1%2C2%5D'],
    ['https://h.example/?{{v}}=1', 'a&b', '?a%26b=1'],
    ['https://h.example/?{{v}}', 'flag', '?flag'],
    ['https://h.example/?{{v}}', undefined, ''],
    ['https://h.example/?&a=1&&b', 0, '?a=1&b'],
    ['https://h.example/?a=b=c', 0, '?a=b=c'],
    ['https://h.example/?q=ä b', 0, '?q=%C3%A4%20b'],
  ]
  it.each(cases)('%s with %j', (template, value, expected) => {
    expect(withValue(template, value)).toBe(`https://h.example/${expected}`)
  })

  it('keeps a fragment and encodes what is put into it', () => {
    expect(withValue('https://h.example/p?a=1#/x={{v}}', 'a b')).toBe('https://h.example/p?a=1#/x=a%20b')
  })

  it('names the parameters that hold a credential, decoded', () => {
    const { credentialNames } = compileUrl(
      'https://h.example/?api%5Fkey=[[key]]&q={{q}}&[[key]]=1&t=x[[key]]',
      '/url',
    )
    expect(credentialNames).toEqual(['api_key', 't'])
  })
})

describe('a whole origin', () => {
  const cases: [value: string, expected: string][] = [
    ['https://shop.example.com', 'https://shop.example.com/p'],
    ['https://shop.example.com/', 'https://shop.example.com/p'],
    ['https://shop.example.com/base//', 'https://shop.example.com/base/p'],
    ['shop.example.com', 'https://shop.example.com/p'],
    ['shop.example.com:8443/base', 'https://shop.example.com:8443/base/p'],
    ['HTTPS://Shop.example.com', 'https://Shop.example.com/p'],
    ['https://[2001:db8::1]:8443', 'https://[2001:db8::1]:8443/p'],
    ['https://bücher.example', 'https://bücher.example/p'],
  ]
  it.each(cases)('%s', (value, expected) => {
    expect(withValue('{{v}}/p', value)).toBe(expected)
  })

  it.each([
    'http://shop.example.com',
    'ftp://shop.example.com',
    'javascript:alert(1)',
    'https:/shop.example.com',
    'https://',
    'https:///x',
    '//evil.example',
    'https://user@shop.example.com',
    'user:pass@shop.example.com',
    'https://@shop.example.com',
    'https://shop.example.com?x=1',
    'https://shop.example.com/#f',
    'https://good.example\\@evil.example',
    'https://good.example\n.evil.example',
    'https://good example',
    'https://shop.example.com/a/../b',
    'https://shop.example.com/%2e%2e',
    'https://shop.example.com:99999',
    '',
  ])('refuses %j', (value) => {
    expect(() => withValue('{{v}}/p', value)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        message: expect.stringContaining('{{v}} in the origin of the URL'),
      }),
    )
  })

  it('may be http only where that is allowed', () => {
    expect(render('{{v}}/p', { input: { v: 'http://10.0.0.1' } }, { allowHttp: true })).toBe(
      'http://10.0.0.1/p',
    )
  })

  it('may be followed by a query or by nothing', () => {
    expect(withValue('{{v}}', 'https://o.example/x/')).toBe('https://o.example/x')
    expect(withValue('{{v}}?a=1', 'https://o.example')).toBe('https://o.example?a=1')
  })
})

describe('scheme, host and port', () => {
  const cases: [template: string, value: unknown, expected: string][] = [
    ['https://{{v}}.my.example/x', 'my-store', 'https://my-store.my.example/x'],
    ['https://{{v}}', 'api.example.com', 'https://api.example.com'],
    ['https://api.{{v}}-eu.example.com:8443/x', 'x1', 'https://api.x1-eu.example.com:8443/x'],
    ['https://h.example:{{v}}/x', 8443, 'https://h.example:8443/x'],
    ['{{v}}://h.example/x', 'HTTPS', 'https://h.example/x'],
    ['HTTP://localhost:3000/x', '', 'http://localhost:3000/x'],
    ['https://[::1]:8443/x', '', 'https://[::1]:8443/x'],
  ]
  it.each(cases)('%s with %j', (template, value, expected) => {
    expect(withValue(template, value)).toBe(expected)
  })

  const refused: [template: string, value: unknown, place: string][] = [
    ['https://{{v}}.my.example/x', 'evil.example/', 'host'],
    ['https://{{v}}.my.example/x', 'evil.example?', 'host'],
    ['https://{{v}}.my.example/x', 'u@evil', 'host'],
    ['https://{{v}}.my.example/x', 'a:1', 'host'],
    ['https://{{v}}.my.example/x', 'ä', 'host'],
    ['https://{{v}}.my.example/x', 'a\n', 'host'],
    ['https://{{v}}.my.example/x', '', 'host'],
    ['https://{{v}}.my.example/x', null, 'host'],
    ['https://{{v}}.my.example/x', ['a'], 'host'],
    ['https://{{v}}/x', '1.2.3.4.5', 'host'],
    ['https://h.example:{{v}}/x', '80/..', 'port'],
    ['https://h.example:{{v}}/x', 65_536, 'port'],
    ['https://h.example:{{v}}/x', -1, 'port'],
    ['{{v}}://h.example/x', 'http', 'scheme'],
    ['{{v}}://h.example/x', 'https://evil.example', 'scheme'],
  ]
  it.each(refused)('%s refuses %j', (template, value, place) => {
    expect(() => withValue(template, value)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        message: expect.stringContaining(`{{v}} in the ${place} of the URL`),
      }),
    )
  })

  it.each(['https://{{v}}.h.example/', '{{v}}/x', 'https://h.example:{{v}}/', '{{v}}://h.example/'])(
    'in %s come from the connection alone in a request with a credential',
    (template) => {
      for (const source of ['input', 'outputs'] as const) {
        expect(() => render(template, { [source]: { v: '443' } }, { hostFromForm: false })).toThrow(
          expect.objectContaining({
            code: 'VALIDATION_ERROR',
            message: expect.stringContaining('may not come from form input'),
          }),
        )
      }
      expect(() => render(template, {}, { hostFromForm: false })).toThrow('has no value')
    },
  )

  it('come from the connection even where the form has the same name', () => {
    const values = { input: { v: 'evil' }, outputs: { v: 'evil' }, userInput: { v: 'mine' } }
    expect(render('https://{{v}}.h.example/', values, { hostFromForm: false })).toBe(
      'https://mine.h.example/',
    )
    expect(render('https://{{v}}.h.example/', values)).toBe('https://evil.h.example/')
  })

  it('may be credentials, and fail as such where they are missing or empty', () => {
    expect(
      render('https://[[shop]].h.example/', { credentials: { shop: 's' } }, { hostFromForm: false }),
    ).toBe('https://s.h.example/')
    for (const credentials of [{}, { shop: '' }, { shop: null }]) {
      expect(() => render('https://[[shop]].h.example/', { credentials })).toThrow(
        expect.objectContaining({ code: 'NOT_CONFIGURED' }),
      )
    }
  })
})

describe('a template that cannot become a URL', () => {
  it.each([
    '/relative',
    'api.example.com/x',
    '{{host}}.example.com/x',
    '{{origin}}{{path}}',
    'ftp://h.example/',
    'https://',
    'https:///x',
    'https://user:[[pass]]@h.example/',
    'https://h example/',
    'https://h.example:99999/',
    'https://h.example\\@evil.example/',
    'https://h.example/\n',
    '',
  ])('%j is a mistake of the definition', (template) => {
    expect(() => compileUrl(template, '/url')).toThrow(DefinitionError)
  })
})

describe('placeholders of a URL', () => {
  it('are listed with their places, from left to right', () => {
    const list = (template: string) =>
      compileUrl(template, '/url').placeholders.map(({ key, place, whole }) => [key, place, whole])
    expect(list('{{s}}://{{h}}.example:{{p}}/{{x}}/y?{{n}}={{q}}&z=a{{r}}#{{f}}')).toEqual([
      ['s', 'scheme', false],
      ['h', 'host', false],
      ['p', 'port', false],
      ['x', 'path', false],
      ['n', 'query', false],
      ['q', 'query', true],
      ['r', 'query', false],
      ['f', 'query', false],
    ])
    expect(list('{{o}}/x')).toEqual([['o', 'origin', false]])
    expect(list('{{o}}')).toEqual([['o', 'origin', true]])
  })
})

describe('the host that a URL declares', () => {
  const values = {
    input: { shop: 'evil', origin: 'https://evil.example' },
    userInput: { origin: 'https://Shop.Example.com:8443/base', host: 'a.example', bad: 'https://x?y' },
    credentials: { region: 'eu' },
  }
  it.each([
    ['https://API.example.com/x', 'api.example.com'],
    ['https://{{shop}}.myshopify.com/x', '*.myshopify.com'],
    ['https://{{shop}}-api.Example.com/x', '*.example.com'],
    ['https://a.{{x}}.b.{{y}}.example.com/x', '*.example.com'],
    ['https://api.{{region}}.com/x', undefined],
    ['https://api.{{region}}.com./x', undefined],
    ['{{origin}}/x', 'shop.example.com'],
    ['https://{{host}}/x', 'a.example'],
    ['https://api.[[region]]/x', 'api.eu'],
    ['https://{{shop}}/x', undefined],
    ['{{missing}}/x', undefined],
    ['{{bad}}/x', undefined],
    ['[[missing]]/x', undefined],
  ])('%s declares %s', (template, host) => {
    expect(compileUrl(template, '/url').declaredHost(scopesOf(values))).toBe(host)
  })
})

describe('whatever a form sends', () => {
  const anything = fc.oneof(fc.string(), fc.stringMatching(/^[a-z./\\:@?#%&=\t ]{0,12}$/), fc.jsonValue())

  it('it stays in its place', () => {
    const url = compileUrl('https://{{a}}.h.example/p/{{b}}/q?x={{c}}&y=1', '/url')
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{1,5}$/), anything, anything, (a, b, c) => {
        const rendered = renderOrUndefined(() =>
          url.render(scopesOf({ input: { a, b, c } }), { hostFromForm: true }),
        )
        if (rendered === undefined) return
        const parsed = new URL(rendered)
        expect(parsed.host).toBe(`${a}.h.example`)
        expect(parsed.pathname).toMatch(/^\/p\/.*\/q$/)
        expect([...parsed.searchParams.keys()].filter((name) => name !== 'x')).toEqual(['y'])
        expect(parsed.hash).toBe('')
      }),
      { numRuns: 500 },
    )
  })

  it('it cannot choose the host of a request with a credential', () => {
    const url = compileUrl('{{v}}/x', '/url')
    fc.assert(
      fc.property(anything, (v) => {
        expect(() =>
          url.render(scopesOf({ input: { v }, outputs: { v } }), { hostFromForm: false }),
        ).toThrow()
      }),
    )
  })
})

function renderOrUndefined(compute: () => string): string | undefined {
  try {
    return compute()
  } catch (error) {
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR' })
    return undefined
  }
}
