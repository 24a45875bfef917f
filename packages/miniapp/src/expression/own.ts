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
  // Assigning is an order of magnitude faster and the same wherever no prototype has the name.
  if (!(key in target) || Object.hasOwn(target, key)) target[key] = value
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
}

/** Fields that a bit mask of 32-bit integers can tell apart. */
const MAX_MASKED_FIELDS = 31

/** Prepared objects that one builder keeps: records miss the same few fields again and again. */
const KEPT_SHAPES = 64

/**
 * Builds plain objects with a fixed list of keys; a key whose value is `undefined` is left out. Copying a prepared
 * object with the right keys defines them all at once: assigning afterwards never reaches a setter on a prototype,
 * `__proto__` is a key like any other, and it is ten times faster than defining one by one.
 */
export function objectBuilder<Context>(
  keys: readonly string[],
  readers: readonly ((context: Context) => unknown)[],
): (context: Context) => Rec {
  const shapes = new Map<number, Rec>()
  const shapeWithout = (values: readonly unknown[], missing: number): Rec => {
    const shape = Object.fromEntries(
      keys.map((key) => [key, undefined]).filter((_, index) => values[index] !== undefined),
    )
    if (shapes.size >= KEPT_SHAPES) shapes.clear()
    shapes.set(missing, shape)
    return shape
  }
  if (keys.length > MAX_MASKED_FIELDS)
    return (context) =>
      fromEntries(
        keys,
        readers.map((read) => read(context)),
      )
  return (context) => {
    const values: unknown[] = []
    let missing = 0
    for (let index = 0; index < readers.length; index++) {
      const value = (readers[index] as (context: Context) => unknown)(context)
      values.push(value)
      if (value === undefined) missing |= 1 << index
    }
    const built = { ...(shapes.get(missing) ?? shapeWithout(values, missing)) }
    for (let index = 0; index < values.length; index++) {
      const value = values[index]
      if (value !== undefined) built[keys[index] as string] = value
    }
    return built
  }
}

function fromEntries(keys: readonly string[], values: readonly unknown[]): Rec {
  return Object.fromEntries(
    keys.map((key, index) => [key, values[index]]).filter((entry) => entry[1] !== undefined),
  )
}

/** The word for a value's type in messages: the value itself may be a secret and is never quoted. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return TYPE_WORDS[typeof value as keyof typeof TYPE_WORDS] ?? `a ${typeof value}`
}

const TYPE_WORDS = { object: 'an object', string: 'text', number: 'a number', boolean: 'a boolean' } as const
