import { describe, expect, it } from 'vitest'
import { browserCookieName, cookieValues, dropBrowserCookie, setBrowserCookie } from './browser-cookie.ts'
import { sha256 } from './one-time-text.ts'

const hash = sha256('state')

describe('the cookie of a start', () => {
  it('over https no neighbour can plant it and no script can read it', () => {
    const name = browserCookieName(hash, true)
    expect(name).toMatch(/^__Host-miniapps_oauth_[0-9a-f]{16}$/)
    expect(setBrowserCookie(name, 'v', true)).toBe(
      `${name}=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure`,
    )
    expect(dropBrowserCookie(name, true)).toBe(`${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure`)
  })

  it('over http it is what a browser still accepts', () => {
    const name = browserCookieName(hash, false)
    expect(name).toMatch(/^miniapps_oauth_/)
    expect(setBrowserCookie(name, 'v', false)).toBe(`${name}=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax`)
  })

  it('has a name of its own for each state', () => {
    expect(browserCookieName(sha256('other'), true)).not.toBe(browserCookieName(hash, true))
  })
})

describe('cookieValues', () => {
  it.each<[string, string | undefined, string[]]>([
    ['no header', undefined, []],
    ['another name', 'b=1', []],
    ['the name alone', 'a', []],
    ['a name that begins alike', 'aa=1; a=2', ['2']],
    ['several of the name', 'a=1; b=2; a=3', ['1', '3']],
    ['white space and an equals sign in the value', ' a =x=y ; b', ['x=y']],
    ['an empty value', 'a=', ['']],
  ])('%s', (_name, header, values) => {
    expect(cookieValues(header, 'a')).toEqual(values)
  })
})
