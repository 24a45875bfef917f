import { readOwn } from '../expression/own.ts'
import { type Refused, refused } from './verdict.ts'

/**
 * Where secrets of a delivery are looked for, in this order (specification 5.2). `{key}Previous` in the same bag is
 * accepted besides `{key}`: whoever rotates a secret takes it out of the bag when its time is over.
 */
export interface SecretBags {
  /** Of the install. */
  credentials?: Bag
  /** App config that the operator set. */
  override?: Bag
  /** `auth.config` of the definition. */
  config?: Bag
}

type Bag = Readonly<Record<string, unknown>>

const BAGS = {
  credentials: 'the credentials of the install',
  override: 'the app config of the operator',
  config: '`auth.config`',
} as const satisfies Record<keyof SecretBags, string>

const ORDER = Object.keys(BAGS) as (keyof SecretBags)[]

export interface SecretOrigin {
  key: string
  bag: keyof SecretBags
  /** It is the value from before a rotation. */
  isPrevious: boolean
}

export interface FoundSecret {
  /** The current value, then the previous one. */
  candidates: readonly { value: string; origin: SecretOrigin }[]
  /** For sentences: which secret it is and where it is from. Asked for only where something is refused. */
  words(): string
}

/** A value that is missing, empty or blank is not found, and the next bag is asked. */
export function findSecret(bags: SecretBags, key: string): FoundSecret | undefined {
  for (const bag of ORDER) {
    const value = secretOf(bags[bag], key)
    if (value === undefined) continue
    const current = { value, origin: { key, bag, isPrevious: false } }
    const previous = secretOf(bags[bag], `${key}Previous`)
    if (previous === undefined) return { candidates: [current], words: () => wordsOf(key, bag) }
    const older = { value: previous, origin: { key, bag, isPrevious: true } }
    return { candidates: [current, older], words: () => `${wordsOf(key, bag)} and its previous value` }
  }
  return undefined
}

function wordsOf(key: string, bag: keyof SecretBags): string {
  return `\`${key}\` of ${BAGS[bag]}`
}

function secretOf(bag: Bag | undefined, key: string): string | undefined {
  const value = readOwn(bag, key)
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && text.trim() !== '' ? text : undefined
}

export function secretNotFound(key: string): Refused {
  return refused(
    'secret-not-found',
    `There is no \`${key}\`, neither in ${BAGS.credentials} nor in the app config; without it nothing can be verified.`,
  )
}
