import { isObject } from './own.ts'
import { TooMuchWork } from './path-work.ts'

/** Levels down to which two values are compared in a filter; deeper ones end the evaluation like too much work. */
const MAX_COMPARED_DEPTH = 500

/** RFC 9535 2.3.5.2.2: ordering is defined between two numbers or two strings only. */
export const COMPARISONS = {
  '==': (left: unknown, right: unknown) => isEqual(left, right, 0),
  '!=': (left: unknown, right: unknown) => !isEqual(left, right, 0),
  '<': isLess,
  '>': (left: unknown, right: unknown) => isLess(right, left),
  '<=': (left: unknown, right: unknown) => isLess(left, right) || isEqual(left, right, 0),
  '>=': (left: unknown, right: unknown) => isLess(right, left) || isEqual(left, right, 0),
}

function isLess(left: unknown, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left < right
  return typeof left === 'string' && typeof right === 'string' && left < right
}

function isEqual(left: unknown, right: unknown, depth: number): boolean {
  if (left === right) return true
  if (depth > MAX_COMPARED_DEPTH) throw new TooMuchWork()
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false
    return left.every((value, index) => isEqual(value, right[index], depth + 1))
  }
  if (!isObject(left) || !isObject(right)) return false
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key], depth + 1))
}
