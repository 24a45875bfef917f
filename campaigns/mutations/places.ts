import type { z } from 'zod'
import { app } from '../../packages/miniapp/src/schema/app.ts'
import { isBranch } from '../../packages/miniapp/src/schema/branch.ts'
import { toPointer } from '../../packages/miniapp/src/schema/pointer.ts'
import { childSchema, effectiveSchema, knownProperties } from '../../packages/miniapp/src/schema/walk.ts'
import type { Path } from './edit.ts'

/** A value of a document, with what the schema says about it. */
export interface Place {
  path: Path
  pointer: string
  value: unknown
  /** A property of an object that allows no others. */
  isKnown: boolean
  /** All names that the object may have, where it allows no others. */
  allowed: readonly string[]
  /** The schema demands it. */
  isRequired: boolean
  /** What the schema says it is, such as `string` or `enum`; absent where it says nothing, or leaves a choice. */
  type: string | undefined
}

const kept = new WeakMap<object, Place[]>()

/** Every value below the root, in the order of the document. */
export function placesOf(document: object): Place[] {
  const known = kept.get(document)
  if (known) return known
  const places: Place[] = []
  visit(document, app, [], places)
  kept.set(document, places)
  return places
}

function visit(value: unknown, schema: z.core.$ZodType | undefined, path: Path, places: Place[]): void {
  if (typeof value !== 'object' || value === null) return
  const effective = schema && effectiveSchema(schema, value)
  const known = effective && knownProperties(effective)
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value)
  for (const [key, child] of entries) {
    const allowed = known?.closed === true ? known.names : []
    const below = effective && childSchema(effective, key)
    const at = [...path, key]
    places.push({
      path: at,
      pointer: toPointer(at),
      value: child,
      isKnown: allowed.includes(String(key)),
      allowed,
      isRequired: allowed.length > 0 && below !== undefined && below._zod.optin !== 'optional',
      type: below && typeOf(below),
    })
    visit(child, below, at, places)
  }
}

interface Wrapper {
  type: string
  innerType?: z.core.$ZodType
}

function typeOf(schema: z.core.$ZodType): string | undefined {
  if (isBranch(schema)) return undefined
  const def = schema._zod.def as unknown as Wrapper
  return def.innerType ? typeOf(def.innerType) : def.type
}

/** Where requests stand: steps of actions, auth requests, sources. */
const REQUEST =
  /^\/(?:actions\/\d+\/requests\/\d+|auth\/(?:get_token|test_token|userDetails|refresh_token|(?:un)?registrationRequests\/\d+)|source\/[^/]+)$/

export function requestPlaces(document: object): Place[] {
  return placesOf(document).filter(({ pointer }) => REQUEST.test(pointer))
}

const TEMPLATES = /^(?:\/url|\/(?:headers|queryParams|body|args)(?:\/.*)?)$/

/** Texts in which placeholders are read. */
export function templatePlaces(document: object): (Place & { value: string })[] {
  const owners = requestPlaces(document).map(({ pointer }) => pointer)
  return placesOf(document).filter((place): place is Place & { value: string } => {
    const owner = owners.find((pointer) => place.pointer.startsWith(`${pointer}/`))
    return (
      owner !== undefined &&
      typeof place.value === 'string' &&
      TEMPLATES.test(place.pointer.slice(owner.length))
    )
  })
}

/** Paths that read answers: of mappings and sources. */
export function pathPlaces(document: object): (Place & { value: string })[] {
  const owners = requestPlaces(document).map(({ pointer }) => pointer)
  return placesOf(document).filter((place): place is Place & { value: string } => {
    const owner = owners.find((pointer) => place.pointer.startsWith(`${pointer}/`))
    if (owner === undefined || typeof place.value !== 'string') return false
    const inside = place.pointer.slice(owner.length)
    return inside.startsWith('/mapping/')
      ? place.value.startsWith('$')
      : owner.startsWith('/source/') && /^\/(?:dataPath|valueField|labelField)$/.test(inside)
  })
}
