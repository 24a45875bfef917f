/**
 * The cookie that binds an authorization to the browser that started it (specification 3.4): without it, somebody could
 * have a stranger finish at the provider what they began, and hold the stranger's account.
 *
 * Each start has a cookie of its own name, so that two windows do not disturb each other, and of a fresh value.
 */
import { randomBytes } from 'node:crypto'
import { LIFETIME_MS } from './state.ts'

const VALUE_BYTES = 32
/** Of the state's hash, which is no secret to the browser that holds the state. */
const NAME_BYTES = 8

/** @param secure whether callbacks come over https; without it, only on this machine's own address */
export function browserCookieName(stateHash: Uint8Array, secure: boolean): string {
  const id = Buffer.from(stateHash.subarray(0, NAME_BYTES)).toString('hex')
  // The prefix keeps a neighbour under the same domain from planting the cookie (RFC 6265bis, 4.1.3.2).
  return `${secure ? '__Host-' : ''}miniapps_oauth_${id}`
}

export function makeBrowserValue(): string {
  return randomBytes(VALUE_BYTES).toString('base64url')
}

/** `Set-Cookie` of a start. */
export function setBrowserCookie(name: string, value: string, secure: boolean): string {
  return `${name}=${value}; Path=/; Max-Age=${LIFETIME_MS / 1000}${attributes(secure)}`
}

/** `Set-Cookie` that removes it. */
export function dropBrowserCookie(name: string, secure: boolean): string {
  return `${name}=; Path=/; Max-Age=0${attributes(secure)}`
}

function attributes(secure: boolean): string {
  return `; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}

/** Every value that a `Cookie` header has for a name; browsers send several where paths or domains differ. */
export function cookieValues(header: string | undefined, name: string): string[] {
  return (header ?? '').split(';').flatMap((pair) => {
    const split = pair.indexOf('=')
    return split > 0 && pair.slice(0, split).trim() === name ? [pair.slice(split + 1).trim()] : []
  })
}
