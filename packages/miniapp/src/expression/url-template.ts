import { DefinitionError } from './definition-error.ts'
import { type ParsedPlaceholder, parsePlaceholders } from './template.ts'

/** A stretch of a URL template: literal texts and placeholders, in order. */
export type UrlPiece = string | ParsedPlaceholder

/** A URL template, cut where a URL is cut before anything is put in: a value can never move these borders. */
export interface UrlTemplate {
  /** One placeholder stands for scheme, host and port (`{{storeUrl}}/wp-json`); then the three are empty. */
  readonly origin: ParsedPlaceholder | undefined
  readonly scheme: readonly UrlPiece[]
  readonly host: readonly UrlPiece[]
  readonly port: readonly UrlPiece[]
  readonly path: readonly UrlPiece[]
  readonly parameters: readonly UrlParameter[]
  readonly fragment: readonly UrlPiece[]
}

export interface UrlParameter {
  readonly name: readonly UrlPiece[]
  /** Absent where the parameter has no `=`. */
  readonly value: readonly UrlPiece[] | undefined
}

/** Stands for a placeholder while the template is cut; control characters are refused in URL templates. */
const HOLE = '\0'

const WITH_SCHEME = /^([^/?#]*?):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s
const WITH_ORIGIN = /^\0((?:\/[^?#]*)?)(?:\?([^#]*))?(?:#(.*))?$/s
const HOST_AND_PORT = /^((?:\[[^\]]*\]|[^:])*)(?::([\d\0]*))?$/s
const REFUSED = /[\\\p{Cc}]/u

/** @throws DefinitionError where the template cannot become an absolute `http:` or `https:` URL. */
export function parseUrlTemplate(template: string, pointer: string): UrlTemplate {
  if (REFUSED.test(template))
    throw new DefinitionError(pointer, 'a URL holds no backslash and no control character')
  const parts = parsePlaceholders(template)
  const skeleton = parts.map((part) => (typeof part === 'string' ? part : HOLE)).join('')
  const placeholders = parts.filter((part) => typeof part === 'object')
  const cut = (text: string) => fillHoles(text, placeholders)
  const absolute = WITH_SCHEME.exec(skeleton)
  if (absolute !== null) {
    const [, scheme = '', authority = '', path = '', query, fragment] = absolute
    const { host, port } = splitAuthority(authority, pointer)
    checkScheme(scheme, pointer)
    return {
      origin: undefined,
      scheme: cut(scheme),
      host: cut(host),
      port: cut(port),
      ...cutRest(cut, path, query, fragment),
    }
  }
  const relative = WITH_ORIGIN.exec(skeleton)
  if (relative === null)
    throw new DefinitionError(
      pointer,
      `a URL begins with "https://" or with one placeholder for the whole origin`,
    )
  const origin = placeholders.shift()
  const [, path = '', query, fragment] = relative
  return { origin, scheme: [], host: [], port: [], ...cutRest(cut, path, query, fragment) }
}

function cutRest(
  cut: (text: string) => UrlPiece[],
  path: string,
  query: string | undefined,
  fragment: string | undefined,
) {
  return { path: cut(path), parameters: splitQuery(query ?? '', cut), fragment: cut(fragment ?? '') }
}

/** Takes as many placeholders off the list as the text has holes: regions are cut from left to right. */
function fillHoles(text: string, placeholders: ParsedPlaceholder[]): UrlPiece[] {
  return text.split(HOLE).flatMap((literal, index) => {
    const placeholder = index === 0 ? undefined : placeholders.shift()
    return [...(placeholder ? [placeholder] : []), ...(literal === '' ? [] : [literal])]
  })
}

function checkScheme(scheme: string, pointer: string): void {
  if (!scheme.includes(HOLE) && !/^https?$/i.test(scheme)) {
    throw new DefinitionError(pointer, `a URL begins with "https://", not with "${scheme}://"`)
  }
}

function splitAuthority(authority: string, pointer: string): { host: string; port: string } {
  if (authority.includes('@')) {
    throw new DefinitionError(
      pointer,
      'a URL holds no user name or password: send an Authorization header instead',
    )
  }
  const [, host = '', port = ''] = HOST_AND_PORT.exec(authority) ?? []
  if (host === '') throw new DefinitionError(pointer, 'a URL names a host after "://"')
  return { host, port }
}

function splitQuery(query: string, cut: (text: string) => UrlPiece[]): UrlParameter[] {
  const parameters = query.split('&').filter((parameter) => parameter !== '')
  return parameters.map((parameter) => {
    const equals = parameter.indexOf('=')
    if (equals < 0) return { name: cut(parameter), value: undefined }
    return { name: cut(parameter.slice(0, equals)), value: cut(parameter.slice(equals + 1)) }
  })
}
