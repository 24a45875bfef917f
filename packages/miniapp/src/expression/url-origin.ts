import { DefinitionError } from './definition-error.ts'
import type { Scopes } from './scope.ts'
import { refuse, textOf } from './template.ts'
import type { UrlOptions } from './url.ts'
import {
  compileHoles,
  type Hole,
  type HoleSite,
  isUnresolved,
  readForHost,
  type UrlPlace,
} from './url-hole.ts'
import { hostValue, originValue, PlaceFault, portValue, schemeValue } from './url-place.ts'
import type { UrlPiece, UrlTemplate } from './url-template.ts'

/** Scheme, host and port of a URL template. */
export interface CompiledOrigin {
  /** Without a trailing `/`; with the base path that the value of a whole-origin placeholder may have. */
  render(scopes: Scopes, options: UrlOptions): string
  declaredHost(scopes: Scopes): string | undefined
}

type CheckValue = (text: string, allowHttp: boolean) => string | PlaceFault

const CHECKS = {
  scheme: schemeValue,
  host: hostValue,
  port: portValue,
  origin: originValue,
} as const satisfies Partial<Record<UrlPlace, CheckValue>>

type OriginPlace = keyof typeof CHECKS

/** @throws DefinitionError where the literal origin is none. */
export function compileOrigin(template: UrlTemplate, site: HoleSite): CompiledOrigin {
  return template.origin === undefined
    ? compileAuthority(template, site)
    : wholeOrigin(template.origin, template, site)
}

function wholeOrigin(
  placeholder: Exclude<UrlPiece, string>,
  template: UrlTemplate,
  site: HoleSite,
): CompiledOrigin {
  const isAll = template.path.length + template.parameters.length + template.fragment.length === 0
  const [hole] = compileHoles([placeholder], 'origin', site, isAll) as [Hole]
  return {
    render: (scopes, options) => renderHole(hole, 'origin', scopes, options),
    declaredHost: (scopes) => {
      const value = hole.readStored(scopes)
      const origin = typeof value === 'string' && value !== '' ? originValue(value, true) : undefined
      return typeof origin === 'string' ? hostOf(origin) : undefined
    },
  }
}

function compileAuthority(template: UrlTemplate, site: HoleSite): CompiledOrigin {
  const scheme = compileHoles(template.scheme, 'scheme', site)
  const host = compileHoles(template.host, 'host', site)
  const port = compileHoles(template.port, 'port', site)
  const declaredHost = compileDeclaredHost(host)
  if ([...scheme, ...host, ...port].every((piece) => typeof piece === 'string')) {
    const origin = joinOrigin(scheme.join('').toLowerCase(), host.join(''), port.join(''))
    if (!URL.canParse(origin)) throw new DefinitionError(site.pointer, `"${origin}" is no address`)
    return { render: () => origin, declaredHost }
  }
  const all = { scheme, host, port }
  const last = [...scheme, ...host, ...port].findLast((piece) => typeof piece === 'object') as Hole
  return {
    render: (scopes, options) => {
      const part = (place: keyof typeof all) =>
        all[place]
          .map((piece) => (typeof piece === 'string' ? piece : renderHole(piece, place, scopes, options)))
          .join('')
      const origin = joinOrigin(part('scheme'), part('host'), part('port'))
      if (!URL.canParse(origin)) throw refuse(last.ref, last.site, 'does not make an address')
      return origin
    },
    declaredHost,
  }
}

function joinOrigin(scheme: string, host: string, port: string): string {
  return `${scheme}://${host}${port && `:${port}`}`
}

function renderHole(hole: Hole, place: OriginPlace, scopes: Scopes, options: UrlOptions): string {
  const text = textOf(readForHost(hole, scopes, options.hostFromForm))
  const value = CHECKS[place](text, options.allowHttp ?? false)
  if (value instanceof PlaceFault) throw refuse(hole.ref, hole.site, value.reason)
  return value
}

function compileDeclaredHost(host: readonly (string | Hole)[]): CompiledOrigin['declaredHost'] {
  const last = host.at(-1)
  if (typeof last === 'string' && host.length === 1) {
    const literal = hostOf(`https://${last}`)
    return () => literal
  }
  // `https://api.{{region}}.com` declares no `*.com`, which would be half of the internet.
  if (typeof last === 'string' && /\.[^.]+\.[^.]/.test(last)) {
    const suffix = `*${last.slice(last.indexOf('.')).toLowerCase()}`
    return () => suffix
  }
  return (scopes) => {
    const values = host.map((piece) => (typeof piece === 'string' ? piece : piece.readStored(scopes)))
    if (values.some((value) => isUnresolved(value) || typeof value === 'object')) return undefined
    return hostOf(`https://${values.join('')}`)
  }
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).hostname : undefined
}
