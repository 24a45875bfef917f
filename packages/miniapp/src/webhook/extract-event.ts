import type { WebhookDefinition } from '../document.ts'
import { readOwn } from '../expression/own.ts'
import { compilePart, type Delivery, type ReadPart } from './read-part.ts'

/** The name of the event; `undefined` where the delivery has none. Never throws. */
export type ExtractEvent = (delivery: Delivery) => string | undefined

/** Characters (UTF-16 code units) of an event name: longer than any provider's, short enough for an index. */
export const MAX_EVENT_CHARACTERS = 200

const DEFAULT_SEPARATOR = '.'
const POINTER = '/webhook/eventExtraction'

type EventExtraction = NonNullable<WebhookDefinition['eventExtraction']>

/**
 * Compiles `webhook.eventExtraction` (specification 5.3). A name that is too long is cut.
 *
 * @throws DefinitionError where a path does not parse
 */
export function compileEventExtraction(webhook: WebhookDefinition | null | undefined): ExtractEvent {
  const extraction = webhook?.eventExtraction
  if (extraction === undefined) return () => undefined
  const { compositeStrategy, fallback, map } = extraction
  const first = compositeStrategy
    ? compileComposite(compositeStrategy)
    : compilePart(extraction, `${POINTER}/path`)
  const second = fallback ? compilePart(fallback, `${POINTER}/fallback/path`) : () => ''
  return (delivery) => {
    const found = first(delivery) || second(delivery)
    const renamed = readOwn(map, found)
    return shortened(typeof renamed === 'string' ? renamed.trim() : found) || undefined
  }
}

function compileComposite({ parts, separator }: NonNullable<EventExtraction['compositeStrategy']>): ReadPart {
  const readers = parts.map((part, index) =>
    compilePart(part, `${POINTER}/compositeStrategy/parts/${index}/path`),
  )
  return (delivery) =>
    readers
      .map((read) => read(delivery))
      .filter((text) => text !== '')
      .join(separator ?? DEFAULT_SEPARATOR)
}

/** Never ends in half of a surrogate pair, which no database takes. */
function shortened(name: string): string {
  return name
    .slice(0, MAX_EVENT_CHARACTERS)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()
}
