import type { MiniAppError } from '../errors.ts'
import { compileKey } from './key.ts'
import type { Scopes } from './scope.ts'
import {
  compilePlaceholder,
  notConfigured,
  type Place,
  type PlaceholderRef,
  type ReadPlaceholder,
  refuse,
  type TemplateSite,
} from './template.ts'
import type { UrlPiece } from './url-template.ts'

/** Where the pieces of one URL template collect their placeholders. */
export interface HoleSite {
  readonly pointer: string
  readonly placeholders: PlaceholderRef[]
}

/** A placeholder in a URL template. */
export interface Hole {
  readonly ref: PlaceholderRef
  readonly site: TemplateSite
  readonly read: ReadPlaceholder
  /** Reads only what may choose the host of a request with a credential or app config; never throws. */
  readonly readStored: ReadPlaceholder
}

const PLACE_WORDS = {
  scheme: 'the scheme of the URL',
  host: 'the host of the URL',
  port: 'the port of the URL',
  origin: 'the origin of the URL',
  path: 'the path of the URL',
  query: 'the query of the URL',
} as const satisfies Partial<Record<Place, string>>

export type UrlPlace = keyof typeof PLACE_WORDS

export function compileHoles(
  pieces: readonly UrlPiece[],
  place: UrlPlace,
  { pointer, placeholders }: HoleSite,
  whole = false,
): (string | Hole)[] {
  const site: TemplateSite = { pointer, place, where: PLACE_WORDS[place] }
  return pieces.map((piece) => {
    if (typeof piece === 'string') return piece
    const ref: PlaceholderRef = { syntax: piece.syntax, key: piece.key, place, pointer, whole }
    placeholders.push(ref)
    const find = compileKey(piece.key)
    const readStored: ReadPlaceholder =
      piece.syntax === 'input'
        ? ({ input }) => find(input.hostSources)
        : ({ credential }) => find(credential.sources)
    return { ref, site, read: compilePlaceholder(piece, site), readStored }
  })
}

/** In scheme, host, port and path a value that is missing, `null` or `""` counts as unresolved (specification 2.1). */
export function isUnresolved(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === ''
}

/** @param reason default: there is no value */
export function unresolved(hole: Hole, reason?: string): MiniAppError {
  return hole.ref.syntax === 'credential'
    ? notConfigured(hole.ref, hole.site)
    : refuse(hole.ref, hole.site, reason)
}

/** The value that a placeholder in scheme, host or port stands for. */
export function readForHost(hole: Hole, scopes: Scopes, hostFromForm: boolean): unknown {
  const value = hostFromForm ? hole.read(scopes) : hole.readStored(scopes)
  if (!isUnresolved(value)) return value
  throw unresolved(
    hole,
    hostFromForm || isUnresolved(hole.read(scopes))
      ? undefined
      : 'may not come from form input or a step: a request with credentials or app config goes only where the connection says',
  )
}
