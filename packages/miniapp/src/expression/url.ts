import { MiniAppError } from '../errors.ts'
import { rootNameOf } from './key.ts'
import { encodeComponent, queryPairs } from './query.ts'
import type { Scopes } from './scope.ts'
import { type PlaceholderRef, refuse, textOf } from './template.ts'
import { compileHoles, type Hole, type HoleSite, isUnresolved, unresolved } from './url-hole.ts'
import { compileOrigin } from './url-origin.ts'
import { encodeLiteral, hasDotSegment, PlaceFault, pathValue } from './url-place.ts'
import { parseUrlTemplate, type UrlParameter, type UrlPiece } from './url-template.ts'

export interface UrlOptions {
  /**
   * Scheme, host and port may also resolve from form input, parameters, loop items and step outputs. Only for a request
   * without any `[[key]]` and without app config: otherwise a form could aim a tenant's key at a foreign server.
   */
  hostFromForm: boolean
  /** A placeholder may bring `http:`; where private networks are allowed. Default false. */
  allowHttp?: boolean
}

export interface CompiledUrl {
  readonly placeholders: readonly PlaceholderRef[]
  /** Names, decoded, of the parameters in the URL's query whose template holds a `[[key]]`. */
  readonly credentialNames: readonly string[]
  /**
   * @throws MiniAppError `NOT_CONFIGURED` for a `[[key]]` without a value; `VALIDATION_ERROR`, naming key and place, for
   *   a `{{key}}` without a value in origin or path (`""` and `null` count as none) and for a value that is refused.
   */
  render(scopes: Scopes, options: UrlOptions): string
  /**
   * The host that the template declares (specification 10.4), in lower case: a literal host, `*.suffix` where a literal
   * suffix of at least two labels follows the last placeholder, otherwise the host that the stored values give, `undefined`
   * where they give none. Form input and outputs are not looked at. Never throws.
   */
  declaredHost(scopes: Scopes): string | undefined
}

/**
 * Compiles a URL template (specification 2.1): the borders of origin, path and query are found in the template, before
 * any value is put in. `segmentKeys` are the parameters marked `x-path: "segment"`: in the path, each of their values is
 * one segment, with `/` encoded.
 *
 * @throws DefinitionError where the template cannot become an absolute `http:` or `https:` URL.
 */
export function compileUrl(
  template: string,
  pointer: string,
  options: { segmentKeys?: ReadonlySet<string> } = {},
): CompiledUrl {
  const parsed = parseUrlTemplate(template, pointer)
  const site: HoleSite = { pointer, placeholders: [] }
  const origin = compileOrigin(parsed, site)
  const path = compilePath(parsed.path, site, options.segmentKeys ?? new Set())
  const parameters = parsed.parameters.map((parameter) => compileParameter(parameter, site))
  const fragment = compileEncoded(parsed.fragment, site)
  return {
    placeholders: site.placeholders,
    credentialNames: parameters.flatMap(({ credentialName }) => credentialName ?? []),
    render: (scopes, options) => {
      const query = parameters.flatMap((parameter) => parameter.render(scopes)).join('&')
      const hash = fragment(scopes)
      return origin.render(scopes, options) + path(scopes) + (query && `?${query}`) + (hash && `#${hash}`)
    },
    declaredHost: origin.declaredHost,
  }
}

type Render = (scopes: Scopes) => string

function compilePath(pieces: readonly UrlPiece[], site: HoleSite, segmentKeys: ReadonlySet<string>): Render {
  const compiled = compileHoles(pieces, 'path', site).map((piece) =>
    typeof piece === 'string' ? encodeLiteral(piece) : pathHole(piece, segmentKeys),
  )
  const literal = compiled.map((piece) => (typeof piece === 'string' ? piece : 'x')).join('')
  return (scopes) => {
    let path = ''
    for (const piece of compiled) path += typeof piece === 'string' ? piece : piece(scopes)
    if (path !== literal && hasDotSegment(path)) {
      throw new MiniAppError('VALIDATION_ERROR', 'the path of the URL would hold a "." or ".." segment', {
        path: site.pointer,
      })
    }
    return path
  }
}

function pathHole(hole: Hole, segmentKeys: ReadonlySet<string>): Render {
  const { key, syntax } = hole.ref
  const isSegment = syntax === 'input' && (segmentKeys.has(key) || segmentKeys.has(rootNameOf(key)))
  return (scopes) => {
    const value = hole.read(scopes)
    if (isUnresolved(value)) throw unresolved(hole)
    const encoded = pathValue(textOf(value), isSegment)
    if (encoded instanceof PlaceFault) throw refuse(hole.ref, hole.site, encoded.reason)
    return encoded
  }
}

interface CompiledParameter {
  credentialName: string | undefined
  /** `name=value` as often as the parameter stands in the query. */
  render(scopes: Scopes): string[]
}

function compileParameter(parameter: UrlParameter, site: HoleSite): CompiledParameter {
  const before = site.placeholders.length
  const render = renderParameter(parameter, site)
  const hasCredential = site.placeholders.slice(before).some(({ syntax }) => syntax === 'credential')
  const [name] = parameter.name
  return { credentialName: hasCredential && typeof name === 'string' ? decodeName(name) : undefined, render }
}

function renderParameter({ name, value }: UrlParameter, site: HoleSite): CompiledParameter['render'] {
  const whole = wholePlaceholder(value ?? name)
  if (whole !== undefined) {
    const renderName = value === undefined ? undefined : compileEncoded(name, site)
    const [hole] = compileHoles([whole], 'query', site, true) as [Hole]
    const prefix: Render = renderName ? (scopes) => `${renderName(scopes)}=` : () => ''
    return (scopes) => {
      const values = queryPairs('', hole.read(scopes))
      const start = values.length > 0 ? prefix(scopes) : ''
      return values.map(([, text]) => start + encodeComponent(text))
    }
  }
  const renderName = compileEncoded(name, site)
  if (value === undefined) return (scopes) => [renderName(scopes)]
  const renderValue = compileEncoded(value, site)
  return (scopes) => [`${renderName(scopes)}=${renderValue(scopes)}`]
}

function wholePlaceholder(pieces: readonly UrlPiece[]) {
  const [piece] = pieces
  return pieces.length === 1 && typeof piece === 'object' ? piece : undefined
}

/** Literals as the author wrote them, values as components; what does not resolve is empty. */
function compileEncoded(pieces: readonly UrlPiece[], site: HoleSite): Render {
  const compiled = compileHoles(pieces, 'query', site).map((piece) =>
    typeof piece === 'string' ? encodeLiteral(piece) : piece,
  )
  return (scopes) => {
    let text = ''
    for (const piece of compiled)
      text += typeof piece === 'string' ? piece : encodeComponent(textOf(piece.read(scopes)))
    return text
  }
}

function decodeName(name: string): string {
  const [pair] = new URLSearchParams(`${name}=`)
  return pair?.[0] ?? name
}
