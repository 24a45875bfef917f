import { isObject, typeName } from '../expression/own.ts'
import { compilePath } from '../expression/path.ts'
import { didYouMean, listed } from '../rules/rule.ts'

/** Where a path leaves what is there. */
interface End {
  /** The part of the path that still selects something. */
  place: string
  value: unknown
  /** The name that comes next. */
  name: string
}

/** @param base what the path was tried on, without success */
function endOf(path: string, base: unknown): End {
  const cuts = [...path.matchAll(/[.[]/g)].map(({ index }) => index).filter((index) => index > 0)
  for (const cut of cuts.reverse()) {
    const value = valueAt(path.slice(0, cut), base)
    if (value !== undefined) return { place: path.slice(0, cut), value, name: nameAfter(path, cut) }
  }
  return { place: '$', value: base, name: nameAfter(path, 0) }
}

/** `undefined` also where the path does not parse, as half of one may not, or selects several nodes. */
function valueAt(path: string, base: unknown): unknown {
  try {
    const compiled = compilePath(path)
    return compiled.multiple ? undefined : compiled.read(base)
  } catch {
    return undefined
  }
}

function nameAfter(path: string, cut: number): string {
  return /^[.[$]*['"]?([^.[\]'"]*)/.exec(path.slice(cut))?.[1] ?? ''
}

/** The recorded answer says nothing about the path: it ends at `null` or at an empty list. */
export function isInconclusive(path: string, base: unknown): boolean {
  const { value } = endOf(path, base)
  return value === null || (Array.isArray(value) && value.length === 0)
}

/**
 * Why paths selected nothing, as a finding says it.
 *
 * @param paths of one rule, tried in order
 * @param base a value that they were tried on
 */
export function neverMatches(paths: readonly string[], base: unknown): string {
  const { place, value, name } = endOf(paths[0] ?? '', base)
  const there = isObject(value)
    ? `\`${place}\` has no \`${name}\`; ${didYouMean(name, Object.keys(value), 'it')}`
    : `at \`${place}\` there is ${typeName(value)}.`
  return `${listed(paths)} selected nothing in any recorded answer: ${there} Correct the path, or record an answer that has it.`
}
