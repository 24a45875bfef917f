import type { Definition } from '../document.ts'
import { pointerSegments, toPointer } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import { CHANGE_CODES, type Change, type ChangeCode, type Side } from './codes.ts'

/** Two versions of one app, and where their differences are put. */
export interface DiffContext {
  before: Definition
  after: Definition
  /** Where the place is in the document only through a `$ref`, the nearest place around it is named. */
  report(code: ChangeCode, side: Side, pointer: string, reason: string): void
}

/** Compares one part of two versions; reports each difference once. */
export type Comparison = (context: DiffContext) => void

export function createDiffContext(
  before: Definition,
  after: Definition,
): { context: DiffContext; changes: Change[] } {
  const changes: Change[] = []
  const documents = { before, after }
  const context: DiffContext = {
    before,
    after,
    report: (code, side, pointer, reason) => {
      const path = existingPlace(documents[side], pointer)
      changes.push({ kind: CHANGE_CODES[code].kind, code, path, in: side, reason })
    },
  }
  return { context, changes }
}

function existingPlace(document: unknown, pointer: string): string {
  const path: string[] = []
  let value = document
  for (const segment of pointerSegments(pointer)) {
    value = childValue(value, segment)
    if (value === undefined) break
    path.push(segment)
  }
  return toPointer(path)
}
