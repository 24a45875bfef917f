import { rootNameOf } from '../expression/key.ts'
import { nearestName } from '../schema/nearest-name.ts'
import type { Scope } from './scopes.ts'

/** A key as placeholders have it: a name, or a path into its value. */
export function isPlainKey(key: string): boolean {
  return /^[^\s#/^!>&|?+*()"'=<]+$/.test(key)
}

/** The name of `key` that is among `known`: the key itself, its root, or what stands behind a prefix such as `config.`. */
export function nameWithin(key: string, known: Pick<ReadonlySet<string>, 'has'>): string | undefined {
  if (known.has(key)) return key
  return key.split(/[.[\]]+/).find((segment) => known.has(segment))
}

/** What other template languages write in their placeholders. */
const OTHER_LANGUAGES: readonly [RegExp, string][] = [
  [/^[#/^]/, 'placeholders have no blocks; use `when` and `forEach` of the step'],
  [/^[\w.]+\(/, 'placeholders call nothing; run a function step before and read what it returns'],
]

/** Why a key does not resolve, as the end of a sentence: with the key that was meant, where one is likely. */
export function reasonFor(key: string, pointer: string, scope: Scope): string {
  const notYet = scope.notYet?.get(rootNameOf(key))
  if (notYet !== undefined) return `: ${notYet}.`
  const other = OTHER_LANGUAGES.find(([pattern]) => pattern.test(key))
  if (other !== undefined) return `: ${other[1]}.`
  const known = { has: (name: string) => scope.places.some(({ names }) => names.has(name)) }
  const first = /^[\w$]+/.exec(key)?.[0] ?? ''
  if (!isPlainKey(key) && known.has(first))
    return `: a placeholder holds a key and nothing else; write \`{{${first}}}\`.`
  if (isListItem(pointer)) return ': a field of the list item is written with single braces, such as `{id}`.'
  const near = nameWithin(key, known) ?? nearestName(rootNameOf(key), namesIn(scope))
  if (near !== undefined) return `; did you mean \`{{${near}}}\`?`
  return scope.note === undefined ? '.' : `: ${scope.note}.`
}

/** Each once, in the order of the places. Of many names, only those that are asked for are gone through. */
function* namesIn({ places }: Scope): Iterable<string> {
  const seen = new Set<string>()
  for (const { names } of places) {
    for (const name of names) {
      if (seen.has(name)) continue
      seen.add(name)
      yield name
    }
  }
}

/** The details of a record may name fields of the list item (6.1). */
function isListItem(pointer: string): boolean {
  return /^\/sync\/resources\/[^/]*\/endpoints\/details\/url$/.test(pointer)
}
