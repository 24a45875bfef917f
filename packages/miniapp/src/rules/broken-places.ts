import { pointerSegments, under } from '../schema/pointer.ts'

/** Which places of a document have a wrong shape. Asking costs the depth of the place, however much is broken. */
export interface BrokenPlaces {
  /** Nothing is wrong at the place, below it or above it. */
  isIntact(pointer: string): boolean
  /** The place itself, or something above it, is wrong. */
  isLost(pointer: string): boolean
  /** The place itself is wrong. */
  isBroken(pointer: string): boolean
}

export function createBrokenPlaces(pointers: readonly string[]): BrokenPlaces {
  const broken = new Set(pointers)
  const above = new Set(pointers.flatMap(withAncestors))
  const isLost = (pointer: string) => broken.size > 0 && withAncestors(pointer).some((one) => broken.has(one))
  return {
    isIntact: (pointer) => !above.has(pointer) && !isLost(pointer),
    isLost,
    isBroken: (pointer) => broken.has(pointer),
  }
}

function withAncestors(pointer: string): string[] {
  const places = ['']
  for (const segment of pointerSegments(pointer)) places.push(under(places.at(-1) ?? '', segment))
  return places
}
