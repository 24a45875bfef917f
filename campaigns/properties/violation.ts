import { CANARY } from './canary.ts'
import { UNNAMED_VALUE } from './documents.ts'

/** What was promised and did not hold, for one document. */
export class Violation extends Error {
  readonly kind: 'threw' | 'prototype' | 'expanded' | 'wrong'
  constructor(kind: Violation['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'Violation'
    this.kind = kind
  }
}

/** Runs `compute`; an error of one of the `expected` classes gives `undefined`, any other is a violation. */
export function attempt<Value>(
  what: string,
  compute: () => Value,
  isExpected: (error: unknown) => boolean = () => false,
): Value | undefined {
  try {
    return compute()
  } catch (cause) {
    if (cause instanceof Violation) throw cause
    if (isExpected(cause)) return undefined
    throw new Violation(
      'threw',
      `${what} threw ${cause instanceof Error ? `${cause.name}: ${cause.message}` : cause}`,
      { cause },
    )
  }
}

/** A result holds JSON only, nothing of a prototype, and no value that its templates do not name. */
export function checkResult(what: string, result: unknown, depth = 0): void {
  if (depth > 50) return
  if (typeof result === 'string') checkText(what, result)
  if (typeof result === 'function' || typeof result === 'symbol' || typeof result === 'bigint') {
    throw new Violation('prototype', `${what} gave a ${typeof result}`)
  }
  if (typeof result !== 'object' || result === null) return
  const prototype = Object.getPrototypeOf(result)
  if (prototype !== Object.prototype && prototype !== Array.prototype) {
    throw new Violation('prototype', `${what} gave an object with a foreign prototype`)
  }
  for (const [key, value] of Object.entries(result)) {
    checkText(what, key)
    checkResult(what, value, depth + 1)
  }
}

export function checkText(what: string, text: string): void {
  if (text.includes(CANARY)) throw new Violation('prototype', `${what} gave the value of a prototype`)
  if (text.includes(UNNAMED_VALUE)) throw new Violation('expanded', `${what} was expanded a second time`)
}
