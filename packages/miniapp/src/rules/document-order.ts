import { pointerSegments } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import type { Finding } from './codes.ts'

/** Findings in the order in which an author reads the document; what is missing comes after what is there. */
export function inDocumentOrder(document: unknown, findings: readonly Finding[]): Finding[] {
  const positions = createPositions()
  return findings
    .map((finding) => ({ finding, position: positionOf(document, finding.path, positions) }))
    .sort((left, right) => compare(left.position, right.position))
    .map(({ finding }) => finding)
}

/** Index of a name among the names of its object. */
type Positions = (owner: object, name: string) => number

/** Remembers the names of each object: looking them up for each finding again would be quadratic. */
function createPositions(): Positions {
  const known = new Map<object, Map<string, number>>()
  return (owner, name) => {
    let names = known.get(owner)
    if (names === undefined) {
      names = new Map(Object.keys(owner).map((key, index) => [key, index]))
      known.set(owner, names)
    }
    return names.get(name) ?? Number.MAX_SAFE_INTEGER
  }
}

function positionOf(document: unknown, pointer: string, positions: Positions): number[] {
  let value = document
  return pointerSegments(pointer).map((segment) => {
    const owner = value
    value = childValue(owner, segment)
    return typeof owner === 'object' && owner !== null ? positions(owner, segment) : Number.MAX_SAFE_INTEGER
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
