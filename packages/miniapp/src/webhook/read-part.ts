import type { WebhookDefinition } from '../document.ts'
import { readOwn } from '../expression/own.ts'
import { parsePath } from '../expression/rule-origin.ts'
import { compileHeader, type Headers } from './read-header.ts'

/** What of a delivery its event, its transaction id and its customer are read from. */
export interface Delivery {
  headers: Headers
  query: Readonly<Record<string, string>>
  /** As paths see it: parsed JSON, XML or form fields, or the text of anything else. */
  body: unknown
}

/** A place in a delivery. */
export type Part = NonNullable<NonNullable<WebhookDefinition['eventExtraction']>['fallback']>

/** A value as text, trimmed; empty where it is missing or no text, number or boolean. */
export type ReadPart = (delivery: Delivery) => string

/** `header` names are case-insensitive, `query` names exact, `body` paths as in 2.2. */
const READERS = {
  header: ({ path }) => {
    const readHeader = compileHeader(path)
    return ({ headers }) => readHeader(headers)
  },
  query:
    ({ path }) =>
    ({ query }) =>
      readOwn(query, path),
  body: ({ path }, pointer) => {
    const compiled = parsePath(path, pointer)
    return ({ body }) => compiled.read(body)
  },
} satisfies Record<Part['source'], (part: Part, pointer: string) => (delivery: Delivery) => unknown>

/**
 * @param pointer of the path
 * @throws DefinitionError where the path does not parse
 */
export function compilePart(part: Part, pointer: string): ReadPart {
  const read = READERS[part.source](part, pointer)
  return (delivery) => scalarText(read(delivery)).trim()
}

function scalarText(value: unknown): string {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isScalar ? String(value) : ''
}
