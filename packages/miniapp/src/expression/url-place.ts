/** What may stand in which place of a URL, and how it is written there (specification 2.1). */

import { encodeComponent } from './query.ts'

/** A value with a fault of its place: the end of a sentence that begins with the placeholder and its place. */
export class PlaceFault {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

const HOST_PART = /^[A-Za-z0-9.-]+$/
const PORT = /^\d{1,5}$/
const MAX_PORT = 65_535
const BACKSLASH_OR_CONTROL = /[\\\p{Cc}]/u
const SPACE_BACKSLASH_OR_CONTROL = /[\s\\\p{Cc}]/u
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//
const SCHEME_WITHOUT_SLASHES = /^[A-Za-z][A-Za-z0-9+.-]*:(?!\d)/

/** Also the spelling that URL parsers take for a dot. */
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i

export function hasDotSegment(path: string): boolean {
  return DOT_SEGMENT.test(path)
}

export function schemeValue(text: string, allowHttp: boolean): string | PlaceFault {
  const scheme = text.toLowerCase()
  return isAllowedScheme(scheme, allowHttp) ? scheme : new PlaceFault('is no allowed scheme: only "https" is')
}

export function hostValue(text: string): string | PlaceFault {
  return HOST_PART.test(text)
    ? text
    : new PlaceFault('holds something else than letters, digits, "." and "-"')
}

export function portValue(text: string): string | PlaceFault {
  return PORT.test(text) && Number(text) <= MAX_PORT ? text : new PlaceFault('is no port number')
}

/** Percent-encoded except `/`, or with it where the value is one segment. */
export function pathValue(text: string, isSegment: boolean): string | PlaceFault {
  if (BACKSLASH_OR_CONTROL.test(text)) return new PlaceFault('holds a backslash or a control character')
  if (hasDotSegment(text)) return new PlaceFault('holds a "." or ".." segment')
  const encoded = encodeComponent(text)
  return isSegment ? encoded : encoded.replaceAll('%2F', '/')
}

/** Without trailing slashes, with `https://` where it has no scheme, otherwise as it is; a base path may follow the host. */
export function originValue(text: string, allowHttp: boolean): string | PlaceFault {
  if (SPACE_BACKSLASH_OR_CONTROL.test(text))
    return new PlaceFault('holds white space, a backslash or a control character')
  if (/[?#]/.test(text))
    return new PlaceFault('holds "?" or "#": only scheme, host, port and a base path may stand there')
  const given = SCHEME.exec(text)
  if (given === null && SCHEME_WITHOUT_SLASHES.test(text))
    return new PlaceFault('is no address such as "https://shop.example.com"')
  const scheme = given?.[1]?.toLowerCase() ?? 'https'
  if (!isAllowedScheme(scheme, allowHttp)) return new PlaceFault('must begin with "https://"')
  const rest = withoutTrailingSlashes(given === null ? text : text.slice(given[0].length))
  if (rest === '' || rest.startsWith('/')) return new PlaceFault('names no host')
  if ((rest.split('/', 1)[0] ?? '').includes('@')) return new PlaceFault('holds a user name or password')
  if (hasDotSegment(rest)) return new PlaceFault('holds a "." or ".." segment')
  const origin = `${scheme}://${rest}`
  return URL.canParse(origin) ? origin : new PlaceFault('is no address such as "https://shop.example.com"')
}

function isAllowedScheme(scheme: string, allowHttp: boolean): boolean {
  return scheme === 'https' || (allowHttp && scheme === 'http')
}

function withoutTrailingSlashes(text: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === '/') end--
  return text.slice(0, end)
}

/** An author's own text in path, query or fragment: what is encoded stays so, what a URL cannot hold is encoded. */
export function encodeLiteral(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]|["<>`{}|^]/gu, encodeURIComponent)
}
