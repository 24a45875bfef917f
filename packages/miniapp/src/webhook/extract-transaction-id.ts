import type { WebhookDefinition } from '../document.ts'
import { readOwn } from '../expression/own.ts'
import { pathSegments } from '../expression/path.ts'
import { under } from '../schema/pointer.ts'
import { sha256Hex } from './digest.ts'
import { compilePart, type Delivery, type Part, type ReadPart } from './read-part.ts'

/** By what a delivery is told from its repetitions (specification 5.4). */
export type TransactionId =
  /** `from` says whether the delivery names its id, or is only known by the SHA-256 of its raw body. */
  | { from: 'delivery' | 'body'; id: string }
  /** It gets a fresh id: it is never a duplicate. */
  | { from: 'generate' }

export interface CompiledTransactionId {
  /** For how long an id is remembered. */
  windowSeconds: number
  idOf(delivery: Delivery & { rawBody: Uint8Array }, event: string | undefined): TransactionId
}

/** Characters of an id; a longer one is known by its SHA-256, so that an index holds it and no two become one. */
export const MAX_TRANSACTION_ID_CHARACTERS = 200

/** Providers repeat for up to three days; a week leaves room for those who resend by hand. */
export const DEFAULT_WINDOW_SECONDS = 604_800

const POINTER = '/webhook/transactionId'
const OVERRIDE_SEPARATOR = '_'

type TransactionIdDefinition = NonNullable<WebhookDefinition['transactionId']>
type IdPath = NonNullable<TransactionIdDefinition['paths']>[number]

/**
 * Compiles `webhook.transactionId`; `undefined` where there is none: then nothing is deduplicated.
 *
 * @throws DefinitionError where a path does not parse
 */
export function compileTransactionId(
  webhook: WebhookDefinition | null | undefined,
): CompiledTransactionId | undefined {
  const definition = webhook?.transactionId
  if (definition === undefined) return undefined
  const { path, paths, separator, fallback, overrides = {} } = definition
  const readers = (paths ?? (path === undefined ? [] : [path])).map((one, index) =>
    compileIdPath(one, under(POINTER, ...(paths ? ['paths', index] : ['path']))),
  )
  const read = separator === undefined ? firstOf(readers) : joined(readers, separator)
  const own = new Map(
    Object.entries(overrides).map(([event, override]) => [
      event,
      compileOverride(override, separator, under(POINTER, 'overrides', event)),
    ]),
  )
  return {
    windowSeconds: definition.windowSeconds ?? DEFAULT_WINDOW_SECONDS,
    idOf: (delivery, event) => {
      const found = ((event !== undefined && own.get(event)) || read)(delivery)
      if (found !== '')
        return {
          from: 'delivery',
          id: found.length > MAX_TRANSACTION_ID_CHARACTERS ? sha256Hex(found) : found,
        }
      return fallback === 'generate'
        ? { from: 'generate' }
        : { from: 'body', id: sha256Hex(delivery.rawBody) }
    },
  }
}

function compileOverride(
  { paths, separator }: NonNullable<TransactionIdDefinition['overrides']>[string],
  outer: string | undefined,
  pointer: string,
): ReadPart {
  const readers = paths.map((path, index) => compileIdPath(path, under(pointer, 'paths', index)))
  return joined(readers, separator ?? outer ?? OVERRIDE_SEPARATOR)
}

function compileIdPath(path: IdPath, pointer: string): ReadPart {
  const part: Part = typeof path === 'string' ? { source: 'body', path } : path
  const read = compilePart(part, typeof path === 'string' ? pointer : under(pointer, 'path'))
  if (!isGitHubDelivery(part)) return read
  const readHeader = compilePart({ source: 'header', path: 'X-GitHub-Delivery' }, pointer)
  return (delivery) => (hasDelivery(delivery) ? read(delivery) : readHeader(delivery))
}

/** `$.delivery` of the public GitHub example: GitHub sends that id as a header. */
function isGitHubDelivery({ source, path }: Part): boolean {
  const segments = source === 'body' ? pathSegments(path) : undefined
  return segments?.length === 1 && segments[0] === 'delivery'
}

function hasDelivery({ body }: Delivery): boolean {
  return readOwn(body, 'delivery') !== undefined
}

function firstOf(readers: readonly ReadPart[]): ReadPart {
  return (delivery) => {
    for (const read of readers) {
      const text = read(delivery)
      if (text !== '') return text
    }
    return ''
  }
}

/** Not found where one is missing: a part of an id could be the id of something else. */
function joined(readers: readonly ReadPart[], separator: string): ReadPart {
  return (delivery) => {
    const texts = readers.map((read) => read(delivery))
    return texts.includes('') ? '' : texts.join(separator)
  }
}
