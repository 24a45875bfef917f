import type { Rec } from './own.ts'
import { compileKeyPath } from './path.ts'
import type { Sources } from './scope.ts'

/** A placeholder's key, ready to be looked up. */
export type FindKey = (sources: Sources) => unknown

/**
 * Compiles the look-up of a placeholder's key (specification 2.1): in each source in turn an exact key of that name
 * wins over the path reading; the first source that gives a value, `null` included, wins.
 */
export function compileKey(key: string): FindKey {
  const path = /[.[$*]/.test(key) ? compileKeyPath(key) : undefined
  if (path === undefined) return (sources) => findExact(sources, key)
  return (sources) => {
    for (const source of sources) {
      const exact = Object.hasOwn(source, key) ? source[key] : undefined
      const value = exact === undefined ? path.read(source) : exact
      if (value !== undefined) return value
    }
    return undefined
  }
}

function findExact(sources: Sources, key: string): unknown {
  for (let index = 0; index < sources.length; index++) {
    const source = sources[index] as Rec
    if (Object.hasOwn(source, key)) {
      const value = source[key]
      if (value !== undefined) return value
    }
  }
  return undefined
}

/** The first name of a key: `repo` of `repo.name` and of `repo[0]`. */
export function rootNameOf(key: string): string {
  return key.split(/[.[]/, 1)[0] ?? key
}
