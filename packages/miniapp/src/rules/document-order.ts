import { pointerSegments } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import type { Finding } from './codes.ts'

/** Findings in the order in which an author reads the document; what is missing comes after what is there. */
export function inDocumentOrder(document: unknown, findings: readonly Finding[]): Finding[] {
  return findings
    .map((finding) => ({ finding, position: positionOf(document, finding.path) }))
    .sort((left, right) => compare(left.position, right.position))
    .map(({ finding }) => finding)
}

function positionOf(document: unknown, pointer: string): number[] {
  let value = document
  return pointerSegments(pointer).map((segment) => {
    const index = Array.isArray(value) ? Number(segment) : Object.keys(Object(value)).indexOf(segment)
    value = childValue(value, segment)
    return index < 0 ? Number.MAX_SAFE_INTEGER : index
  })
}

function compare(left: number[], right: number[]): number {
  for (const [index, position] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    if (position !== other) return position - other
  }
  return left.length - right.length
}
