/** What is kept in memory: bounded in number, and owned by one context, so that nothing is global. */

/** A map that forgets the entry unused for longest once it holds more than `limit`. */
export class BoundedCache<V> {
  readonly #entries = new Map<string, V>()
  readonly #limit: number
  /** Moving the entry that is the newest already would cost more than finding it. */
  #newest: string | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined || key === this.#newest) return value
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newest = key
    return value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newest = key
    if (this.#entries.size <= this.#limit) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }

  /** @param value removes the entry only while it still is this one */
  delete(key: string, value?: V): void {
    if (value === undefined || this.#entries.get(key) === value) this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}

/**
 * Whether something read at `readAt` may still be used at `now` (milliseconds). A clock that was set back makes it old:
 * by that clock it would otherwise stay fresh for as long as the clock was ahead.
 */
export function isFresh(readAt: number, { now, maxAgeMs }: { now: number; maxAgeMs: number }): boolean {
  return now >= readAt && now - readAt < maxAgeMs
}

/** What is being read, and soon had without waiting. */
export class Loading<T> {
  readonly #promise: Promise<T>
  #loaded: { value: T } | undefined

  constructor(promise: Promise<T>) {
    this.#promise = promise
    promise.then(
      (value) => {
        this.#loaded = { value }
      },
      () => {},
    )
  }

  /** A promise only until it is there. */
  get(): T | Promise<T> {
    return this.#loaded === undefined ? this.#promise : this.#loaded.value
  }
}

/** `next` with what is there, or once it is: a promise only where something has to be waited for. */
export function whenLoaded<T, R>(found: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return found instanceof Promise ? found.then(next) : next(found)
}

/** One `T` for each context, made when it is first asked for and gone with the context. */
export function perContext<C extends object, T>(create: (context: C) => T): (context: C) => T {
  const made = new WeakMap<C, T>()
  return (context) => {
    const found = made.get(context)
    if (found !== undefined) return found
    const value = create(context)
    made.set(context, value)
    return value
  }
}
