import { describe, expect, it } from 'vitest'
import { definitionWith } from '../test/definition.ts'
import { compileDefinition } from './compile.ts'
import { type AuthUrlContext, type CompiledAuthUrl, compileAuthUrl } from './compile-auth-url.ts'
import type { AuthDefinition } from './document.ts'

const flow = {
  state: 'a state',
  redirect_uri: 'https://platform.example/miniapps/acme/oauth2',
  code_challenge: 'challenge',
}
const REDIRECT = 'redirect_uri=https%3A%2F%2Fplatform.example%2Fminiapps%2Facme%2Foauth2'

function compiled(auth_url: string, auth: Partial<AuthDefinition> = {}): CompiledAuthUrl {
  const url = compileAuthUrl({ type: 'oauth2', auth_url, ...auth })
  if (!url) throw new Error('There is no auth_url.')
  return url
}

const render = (url: CompiledAuthUrl, context: Partial<AuthUrlContext> = {}) =>
  url.render({ flow, userInput: {}, config: {}, system: {}, ...context })

describe('the authorization address', () => {
  it.each<[string, string, Partial<AuthDefinition>, string]>([
    [
      'carries what the template names',
      'https://a.example/auth?r={{redirect_uri}}&s={{state}}',
      {},
      `https://a.example/auth?r=${REDIRECT.slice(13)}&s=a%20state`,
    ],
    [
      'gets what it lacks',
      'https://a.example/auth',
      {},
      `https://a.example/auth?${REDIRECT}&state=a%20state`,
    ],
    [
      'keeps the spelling of its other parameters',
      'https://a.example/auth?scope=a:b+c%2Fd&x',
      {},
      `https://a.example/auth?scope=a:b+c%2Fd&x&${REDIRECT}&state=a%20state`,
    ],
    [
      'replaces a state and a redirect_uri that are written out',
      'https://a.example/auth?state=fixed&redirect_uri=https://elsewhere.example',
      {},
      `https://a.example/auth?${REDIRECT}&state=a%20state`,
    ],
    [
      'puts parameters before a fragment',
      'https://a.example/auth#sign-in',
      {},
      `https://a.example/auth?${REDIRECT}&state=a%20state#sign-in`,
    ],
    [
      'has a challenge with pkce: true',
      'https://a.example/auth?redirect_uri={{redirect_uri}}&state={{state}}',
      { pkce: true },
      `https://a.example/auth?${REDIRECT}&state=a%20state&code_challenge=challenge&code_challenge_method=S256`,
    ],
    [
      'has a method where the template names the challenge alone',
      'https://a.example/auth?redirect_uri={{redirect_uri}}&state={{state}}&code_challenge={{code_challenge}}',
      {},
      `https://a.example/auth?${REDIRECT}&state=a%20state&code_challenge=challenge&code_challenge_method=S256`,
    ],
    [
      'keeps the method of the template',
      'https://a.example/auth?redirect_uri={{redirect_uri}}&state={{state}}&code_challenge_method=S256&code_challenge={{code_challenge}}',
      {},
      `https://a.example/auth?${REDIRECT}&state=a%20state&code_challenge_method=S256&code_challenge=challenge`,
    ],
  ])('%s', (_name, template, auth, address) => {
    expect(render(compiled(template, auth))).toBe(address)
  })

  it('reads the form, then app config, then system values; nothing shadows state and subdomain', () => {
    const url = compiled('https://{{shop}}.a.example/{{subdomain}}?client_id={{client_id}}&state={{state}}')
    const address = render(url, {
      userInput: { shop: 'my-shop', state: 'forged', subdomain: 'forged' },
      config: { client_id: 'id 1', shop: 'other' },
      system: { subdomain: 'w1' },
    })
    expect(address).toBe(`https://my-shop.a.example/w1?client_id=id%201&state=a%20state&${REDIRECT}`)
  })

  it('reads [[key]] from open form values and app config', () => {
    const url = compiled('https://[[shop]].a.example/?client_id=[[client_id]]')
    const address = render(url, { userInput: { shop: 's' }, config: { client_id: 'c' } })
    expect(address).toMatch(/^https:\/\/s\.a\.example\/\?client_id=c&/)
    expect(() => render(url, { config: { client_id: 'c' } })).toThrow(/shop/)
  })

  it.each([
    ['is missing', {}],
    ['is empty', { client_id: '' }],
  ])('says who sets client_id where it %s', (_name, config) => {
    const url = compiled('https://a.example/auth?client_id={{client_id}}')
    expect(() => render(url, { config })).toThrow(
      expect.objectContaining({ code: 'NOT_CONFIGURED', message: expect.stringContaining('operator') }),
    )
  })

  it.each(['evil.example/x?', 'a@b', 'a b', 'http://x'])('refuses the host %j of a form', (shop) => {
    const url = compiled('https://{{shop}}.a.example/auth')
    expect(() => render(url, { userInput: { shop } })).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR' }),
    )
  })

  it('takes an http origin from the form only where private networks are allowed', () => {
    const url = compiled('{{storeUrl}}/auth')
    const userInput = { storeUrl: 'http://127.0.0.1:4001' }
    expect(() => render(url, { userInput })).toThrow(/https/)
    expect(render(url, { userInput, allowHttp: true })).toMatch(/^http:\/\/127\.0\.0\.1:4001\/auth\?/)
  })
})

describe('pkce', () => {
  it.each<[boolean, string, Partial<AuthDefinition>]>([
    [false, 'https://a.example', {}],
    [false, 'https://a.example', { pkce: false }],
    [true, 'https://a.example', { pkce: true }],
    [true, 'https://a.example?c={{ code_challenge }}', {}],
    [true, 'https://a.example?c={{code_challenge}}', { pkce: false }],
  ])('is %s for %s and %j', (pkce, template, auth) => {
    expect(compiled(template, auth).pkce).toBe(pkce)
  })
})

describe('a definition', () => {
  const auth_url = 'https://login.acme.example/auth'

  it('has an authorization address with oauth2 alone', () => {
    const compile = (type: AuthDefinition['type']) =>
      compileDefinition(definitionWith({ auth: { type, auth_url } }))
    expect(compile('oauth2').auth.authUrl).toBeDefined()
    expect(compile('apikey').auth.authUrl).toBeUndefined()
    expect(compileDefinition(definitionWith({ auth: { type: 'oauth2' } })).auth.authUrl).toBeUndefined()
  })

  it('declares the host of its authorization page', () => {
    const { declaredHosts } = compileDefinition(definitionWith({ auth: { type: 'oauth2', auth_url } }))
    expect(declaredHosts({ credentials: {}, metadata: {}, userInput: {}, config: {} })).toEqual([
      'login.acme.example',
    ])
  })
})
