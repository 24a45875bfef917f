/** A JSON object read by own keys only: `__proto__`, `constructor` and the like are ordinary missing keys. */
export type Rec = Record<string, unknown>

/** True for JSON objects; false for arrays, `null` and everything else. */
export function isObject(value: unknown): value is Rec {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The own property of a JSON object; `undefined` where it is missing or `value` is no object (arrays have no names). */
export function readOwn(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** Sets a key as an own property, also where a prototype has a setter of that name or the key is `__proto__`. */
export function setOwn(target: Rec, key: string, value: unknown): void {
  if (Object.hasOwn(target, key)) target[key] = value
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
}

/**
 * Builds plain objects with a fixed list of keys. Copying a prepared object defines every key at once, so that
 * assigning afterwards never reaches a setter on a prototype, and it is several times faster than defining one by one.
 * A key whose value is `undefined` is left out.
 */
export function objectBuilder<Context>(
  keys: readonly string[],
  readers: readonly ((context: Context) => unknown)[],
): (context: Context) => Rec {
  const shape: Rec = Object.fromEntries(keys.map((key) => [key, undefined]))
  return (context) => {
    const built: Rec = { ...shape }
    let complete = true
    for (let index = 0; index < readers.length; index++) {
      const value = (readers[index] as (context: Context) => unknown)(context)
      if (value === undefined) complete = false
      else built[keys[index] as string] = value
    }
    return complete ? built : withoutUndefined(built)
  }
}

function withoutUndefined(built: Rec): Rec {
  return Object.fromEntries(Object.entries(built).filter((entry) => entry[1] !== undefined))
}

/** The word for a value's type in messages: the value itself may be a secret and is never quoted. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return TYPE_WORDS[typeof value as keyof typeof TYPE_WORDS] ?? `a ${typeof value}`
}

const TYPE_WORDS = { object: 'an object', string: 'text', number: 'a number', boolean: 'a boolean' } as const
