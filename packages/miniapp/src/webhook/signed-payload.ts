import { DefinitionError } from '../expression/definition-error.ts'
import type { Piece } from './digest.ts'
import { compileHeader } from './read-header.ts'
import type { SignedDelivery } from './scheme.ts'
import { type Refused, refused } from './verdict.ts'

export interface SignedPayload {
  /** The time of signing is part of it. */
  namesTimestamp: boolean
  /** What is signed, in pieces: the body is never copied, and never text. */
  piecesOf(delivery: SignedDelivery, timestamp: string): readonly Piece[] | Refused
}

const PART = /\{(?:(body|timestamp|id|url)|header:([!#$%&'*+\-.^_`|~0-9A-Za-z]+))\}/g
const BODY = '{body}'

type ReadPart = (delivery: SignedDelivery, timestamp: string) => Piece | Refused

/**
 * Compiles `signedPayload` (specification 5.2).
 *
 * @throws DefinitionError where it names something that is no part of a delivery
 */
export function compileSignedPayload(
  template: string = BODY,
  site: { pointer: string; idHeader: string | undefined },
): SignedPayload {
  if (template === BODY) return { namesTimestamp: false, piecesOf: ({ rawBody }) => [rawBody] }
  const parts = compileParts(template, site)
  return {
    namesTimestamp: template.includes('{timestamp}'),
    piecesOf: (delivery, timestamp) => {
      const pieces: Piece[] = []
      for (const part of parts) {
        const piece = typeof part === 'string' ? part : part(delivery, timestamp)
        if (isRefused(piece)) return piece
        pieces.push(piece)
      }
      return pieces
    },
  }
}

export function isRefused(value: readonly Piece[] | Piece | Refused): value is Refused {
  return typeof value === 'object' && 'ok' in value
}

function compileParts(template: string, site: { pointer: string; idHeader: string | undefined }) {
  const parts: (string | ReadPart)[] = []
  let at = 0
  for (const match of template.matchAll(PART)) {
    parts.push(literal(template.slice(at, match.index), site.pointer))
    parts.push(compilePart(match[1], match[2], site))
    at = match.index + match[0].length
  }
  parts.push(literal(template.slice(at), site.pointer))
  return parts.filter((part) => part !== '')
}

function literal(text: string, pointer: string): string {
  if (!/[{}]/.test(text)) return text
  throw new DefinitionError(
    pointer,
    `"${text}" is no part of a delivery; there are {body}, {timestamp}, {id}, {url} and {header:Name}`,
  )
}

function compilePart(
  name: string | undefined,
  header: string | undefined,
  { pointer, idHeader }: { pointer: string; idHeader: string | undefined },
): ReadPart {
  if (name === 'body') return ({ rawBody }) => rawBody
  if (name === 'timestamp') return (_delivery, timestamp) => timestamp
  if (name === 'url') return ({ url }) => url
  const wanted = header ?? idHeader
  if (wanted === undefined)
    throw new DefinitionError(pointer, '{id} needs an "idHeader" that says where it is')
  const read = compileHeader(wanted)
  return ({ headers }) => read(headers) ?? headerMissing(wanted)
}

export function headerMissing(name: string): Refused {
  return refused('header-missing', `The header \`${name}\` is not there.`)
}
