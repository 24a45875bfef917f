import type { Definition } from '../../packages/miniapp/src/document.ts'
import type { FindingCode } from '../../packages/miniapp/src/rules/codes.ts'
import type { Random } from '../properties/random.ts'
import { type Path, setAt } from './edit.ts'
import type { Place } from './places.ts'

/** A changed definition. */
export interface Mutant {
  document: unknown
  /** JSON Pointers of what was changed, as it was or as it is: a finding stands at, above or below one of them. */
  places: string[]
}

/** One kind of mistake. */
export interface MutationClass {
  /** One of these codes is found; empty: the change means nothing, and nothing is found. */
  expects: readonly FindingCode[]
  /** The change may mean the same in all that is recorded; then nothing need be found. */
  mayMeanTheSame?: boolean
  /** @returns `undefined` where the definition has no place for it */
  mutate(definition: Definition, random: Random): Mutant | undefined
}

/** One place by chance, `undefined` where there is none. */
export function pickFrom<Value>(values: readonly Value[], random: Random): Value | undefined {
  return values.length === 0 ? undefined : random.pick(values)
}

export function withValue(definition: Definition, { path, pointer }: Place, value: unknown): Mutant {
  return { document: setAt(definition, path, value), places: [pointer] }
}

export function withValueAt(definition: Definition, path: Path, value: unknown, pointer: string): Mutant {
  return { document: setAt(definition, path, value), places: [pointer] }
}

/** A word as people mistype it: a letter left out, doubled, swapped with the next, or another one. */
export function misspelt(word: string, random: Random): string {
  const at = random.below(word.length)
  const before = word.slice(0, at)
  const letter = word.charAt(at)
  const after = word.slice(at + 1)
  const swapped = `${before}${after.charAt(0)}${letter}${after.slice(1)}`
  const typo = random.pick([
    `${before}${after}`,
    `${before}${letter}${letter}${after}`,
    after === '' ? `${word}s` : swapped,
    `${before}${letter === 'e' ? 'a' : 'e'}${after}`,
  ])
  return typo === word || typo === '' ? `${word}x` : typo
}
