import { isDeepStrictEqual } from 'node:util'
import { compilePath, PathError } from '../../packages/miniapp/src/expression/path.ts'
import { randomPath, randomValue } from './documents.ts'
import type { Random } from './random.ts'
import { attempt, checkResult, Violation } from './violation.ts'

/** One document, one path: compiling throws `PathError` or nothing, reading nothing, and names and indexes read right. */
export function checkPaths(random: Random): void {
  const root = randomValue(random, 4)
  const base = randomValue(random, 3)
  const source = randomPath(random)
  const path = attempt(
    `compiling ${JSON.stringify(source)}`,
    () => compilePath(source),
    (error) => error instanceof PathError,
  )
  if (path === undefined) return
  const what = `reading ${JSON.stringify(source)}`
  const value = attempt(what, () => path.read(root, base))
  checkResult(what, value)
  if (path.multiple && !Array.isArray(value))
    throw new Violation('wrong', `${what} selects several nodes and gave no array`)
  const segments = simpleSegments(source)
  if (
    segments !== undefined &&
    !isDeepStrictEqual(value, readSimple(source.startsWith('$') ? root : base, segments))
  ) {
    throw new Violation('wrong', `${what} differs from reading its segments one by one`)
  }
}

const SIMPLE = /^(?:\$|(?=[a-z]))(?:\.?(?<=^|\.)[a-z]+|\[-?\d\])*$/

/** Of paths made of lower-case names and one-digit indexes, cut independently of the engine. */
function simpleSegments(source: string): (string | number)[] | undefined {
  if (!SIMPLE.test(source) || source.includes('[-0]')) return undefined
  const found = source.match(/[a-z]+|\[-?\d\]/g) ?? []
  return found.map((segment) => (segment.startsWith('[') ? Number(segment.slice(1, -1)) : segment))
}

function readSimple(start: unknown, segments: readonly (string | number)[]): unknown {
  return segments.reduce<unknown>((value, segment) => {
    if (typeof segment === 'number') return Array.isArray(value) ? value.at(segment) : undefined
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return new Map(Object.entries(value)).get(segment)
  }, start)
}
