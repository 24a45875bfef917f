import { describe, expect, it } from 'vitest'
import { compileHttpStep, type RequestTemplate } from '../compile-step.ts'
import { createCredentialScope, createInputScope } from '../expression/scope.ts'
import { type BuildOptions, buildRequest } from './build-request.ts'
import { createRedactor } from './redact.ts'

const CREDENTIALS = { token: 'tok-123456', short: '12' }

function build(
  template: Partial<RequestTemplate>,
  input: Record<string, unknown> = {},
  options: Partial<BuildOptions> = {},
) {
  const step = compileHttpStep(
    { url: 'https://api.acme.example/x', method: 'POST', ...template },
    { pointer: '/actions/0/requests/0', index: 0 },
  )
  const scopes = {
    input: createInputScope({ input, outputs: {}, userInput: {}, metadata: {}, system: {} }),
    credential: createCredentialScope({ credentials: CREDENTIALS, metadata: {}, config: {} }),
  }
  return buildRequest(step, scopes, { boundary: () => 'BOUNDARY', ...options })
}

describe('the body', () => {
  it.each<[string, Partial<RequestTemplate>, string | undefined, string | undefined]>([
    ['absent sends none', {}, undefined, undefined],
    ['null as JSON is the literal null', { body: null }, 'null', 'application/json'],
    ['an empty object is sent', { body: {} }, '{}', 'application/json'],
    ['an array', { body: [1, '{{n}}'] }, '[1,5]', 'application/json'],
    ['digits stay text', { body: { id: '{{big}}' } }, '{"id":"820982911946154508"}', 'application/json'],
    ['what does not resolve is left out', { body: { a: '{{nope}}', b: 1 } }, '{"b":1}', 'application/json'],
    ['a whole body that does not resolve sends none', { body: '{{nope}}' }, undefined, undefined],
    ['a whole body keeps its type', { body: '{{obj}}' }, '{"k":"v"}', 'application/json'],
    [
      'form-encoded',
      { bodyType: 'x-www-form-urlencoded', body: { a: 'x y&z', list: '{{list}}', o: '{{obj}}', gone: null } },
      'a=x+y%26z&list=1&list=2&o%5Bk%5D=v',
      'application/x-www-form-urlencoded',
    ],
    ['null form-encoded sends none', { bodyType: 'x-www-form-urlencoded', body: null }, undefined, undefined],
    ['raw', { bodyType: 'raw', body: '<a>{{n}}</a>' }, '<a>5</a>', 'text/plain; charset=utf-8'],
    [
      'a type of its own wins',
      { bodyType: 'raw', body: '<a/>', headers: { 'content-type': 'application/xml' } },
      '<a/>',
      'application/xml',
    ],
    ['GET never carries one', { method: 'GET', body: { a: 1 } }, undefined, undefined],
    ['HEAD never carries one', { method: 'HEAD', body: { a: 1 } }, undefined, undefined],
  ])('%s', (_, template, body, type) => {
    const input = { n: 5, big: '820982911946154508', obj: { k: 'v' }, list: [1, 2] }
    const { request } = build(template, input)
    expect(request.body).toBe(body)
    const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])
    expect(Object.fromEntries(headers)['content-type']).toBe(type)
    expect(headers).toHaveLength(type === undefined ? 0 : 1)
  })

  it.each(['x-www-form-urlencoded', 'formData'] as const)('as %s must be an object', (bodyType) => {
    expect(() => build({ bodyType, body: '{{n}}' }, { n: 5 })).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR', path: '/actions/0/requests/0/body' }),
    )
  })
})

describe('multipart', () => {
  const multipart = (body: unknown, input: Record<string, unknown> = {}) => {
    const built = build(
      { bodyType: 'formData', body, headers: { 'Content-Type': 'multipart/form-data' } },
      input,
    )
    return { ...built, text: Buffer.from(built.request.body as Uint8Array).toString('latin1') }
  }

  it('writes texts, lists, objects and files, and sets its own type', () => {
    const file = { filename: 'a.png', contentType: 'image/png', data: btoa('\x89PNG\r\n') }
    const { request, text, redacted } = multipart(
      { note: 'hi [[token]]', n: 5, list: ['{{file}}', 'b'], o: { k: 1 }, gone: null, nope: '{{nope}}' },
      { file },
    )
    expect(request.headers).toEqual({ 'Content-Type': 'multipart/form-data; boundary=BOUNDARY' })
    expect(text.split('\r\n')).toEqual([
      '--BOUNDARY',
      'Content-Disposition: form-data; name="note"',
      '',
      'hi tok-123456',
      '--BOUNDARY',
      'Content-Disposition: form-data; name="n"',
      '',
      '5',
      '--BOUNDARY',
      'Content-Disposition: form-data; name="list"; filename="a.png"',
      'Content-Type: image/png',
      '',
      '\x89PNG',
      '',
      '--BOUNDARY',
      'Content-Disposition: form-data; name="list"',
      '',
      'b',
      '--BOUNDARY',
      'Content-Disposition: form-data; name="o"',
      '',
      '{"k":1}',
      '--BOUNDARY--',
      '',
    ])
    const shown = redacted(createRedactor([CREDENTIALS.token])).body
    expect(shown).toContain('hi ***')
    expect(shown).toContain('(6 bytes)')
  })

  it('lets no name or file name end its header', () => {
    const { text } = multipart({ 'a"\r\nX: 1': { filename: 'b"\r\nY: 2', data: '' } })
    expect(text).toContain(
      'name="a%22%0D%0AX: 1"; filename="b%22%0D%0AY: 2"\r\nContent-Type: application/octet-stream',
    )
  })

  it.each<[string, object]>([
    ['data that is no base64', { filename: 'a', data: '%%%' }],
    ['a type that ends its header', { filename: 'a', data: '', contentType: 'a/b\r\nX: 1' }],
    ['a type that is none', { filename: 'a', data: '', contentType: 'png' }],
  ])('refuses %s', (_, file) => {
    expect(() => multipart({ file })).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }))
  })
})

describe('the URL', () => {
  it.each<[string, Partial<RequestTemplate>, string]>([
    [
      'query of the url plus queryParams',
      { url: 'https://a.example/x?a=1', queryParams: { b: 'c d', l: [1, 2] } },
      'https://a.example/x?a=1&b=c%20d&l=1&l=2',
    ],
    [
      'queryParams alone',
      { url: 'https://a.example/x', queryParams: { b: '&' } },
      'https://a.example/x?b=%26',
    ],
    [
      'a fragment is not sent and hides no query',
      { url: 'https://a.example/x#f', queryParams: { b: 1 } },
      'https://a.example/x?b=1',
    ],
  ])('has %s', (_, template, url) => {
    expect(build({ ...template, method: 'GET' }).request.url).toBe(url)
  })

  it('takes its host from form input only where the request carries nothing to steal', () => {
    const url = 'https://{{shop}}.example.com/x'
    expect(build({ url }, { shop: 'my' }).request.url).toBe('https://my.example.com/x')
    for (const template of [
      { url, headers: { 'X-Key': '[[token]]' } },
      { url, queryParams: { key: '[[token]]' } },
      { url, body: { deep: ['x [[token]]'] } },
    ]) {
      expect(() => build(template, { shop: 'my' })).toThrow(
        expect.objectContaining({ code: 'VALIDATION_ERROR' }),
      )
    }
    expect(() => build({ url }, { shop: 'my' }, { isAuthRequest: true })).toThrow()
  })
})

describe('what may be stored', () => {
  it('names headers and parameters that hold credentials, and hides them whole', () => {
    const { request, redacted } = build({
      url: 'https://a.example/x?pin=[[short]]&q=1',
      queryParams: { key: '[[short]]', also: 2 },
      headers: { 'X-Pin': '[[short]]', Authorization: 'Bearer abc', Accept: '*/*' },
    })
    expect(request.credentialHeaders).toEqual(['x-pin', 'authorization'])
    expect(request.credentialQuery).toEqual(['pin', 'key'])
    expect(redacted(createRedactor([]))).toEqual({
      redacted: true,
      method: 'POST',
      url: 'https://a.example/x?pin=***&q=1&key=***&also=2',
      headers: { 'X-Pin': '***', Authorization: '***', Accept: '*/*' },
    })
  })
})
