import { type Finding, finding } from '../rules/codes.ts'
import { under } from './pointer.ts'

/** Levels of nesting. Real definitions stay below 20; the walks over a document are recursive. */
export const MAX_DEPTH = 100
/** Values in one document, counted where aliases repeat them: a YAML file of 1 KB can mean 10^9 of them. */
export const MAX_VALUES = 200_000

/**
 * What in a document is no JSON: definitions may also be written as YAML or as JavaScript modules. Where there is a
 * finding, nothing else can be said about the document.
 */
export function jsonFindings(document: unknown): Finding[] {
  const findings: Finding[] = []
  let values = 0
  const visit = (value: unknown, pointer: string, depth: number): boolean => {
    values += 1
    if (values > MAX_VALUES) {
      findings.push(
        finding(
          'too-large',
          '',
          `The document holds more than ${MAX_VALUES} values; a definition must be smaller.`,
        ),
      )
      return false
    }
    if (depth > MAX_DEPTH) {
      findings.push(
        finding(
          'too-large',
          pointer,
          `The document is nested more than ${MAX_DEPTH} levels deep here; it must be flatter.`,
        ),
      )
      return false
    }
    const problem = jsonProblem(value)
    if (problem)
      findings.push(
        finding(
          'not-json',
          pointer,
          pointer === ''
            ? `The definition is ${problem}; it must be an object.`
            : `\`${lastName(pointer)}\` is ${problem}; JSON cannot hold it, write it as text or leave it out.`,
        ),
      )
    if (problem || typeof value !== 'object' || value === null) return true
    return Object.entries(value).every(([name, child]) => {
      if (name !== '__proto__') return visit(child, under(pointer, name), depth + 1)
      findings.push(
        finding(
          'reserved-name',
          under(pointer, name),
          'The property `__proto__` is not allowed; give it another name.',
        ),
      )
      return true
    })
  }
  visit(document, '', 0)
  return findings
}

function jsonProblem(value: unknown): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `the number ${value}`
  if (Array.isArray(value)) return Object.keys(value).length < value.length ? 'a list with holes' : undefined
  if (typeof value !== 'object') return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || isForeignObject(prototype)
    ? undefined
    : 'an object of a class'
}

/** `Object.prototype` of another realm (a module loaded in a vm context). */
function isForeignObject(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty')
}

function lastName(pointer: string): string {
  return pointer.slice(pointer.lastIndexOf('/') + 1)
}
