/**
 * Canary values and the search for them. A canary's core is letters and digits, so that it stands unchanged in every encoding
 * that escapes special characters; its other encodings are searched one by one. A piece of 16 characters counts as a hit, so
 * that a secret cut in two is found too.
 */
import { randomBytes } from 'node:crypto'

/** Characters of a core that betray it. */
const PIECE = 16
/** Every pattern is at least so long; the search looks patterns up by their first characters. */
const KEY_CHARACTERS = 8

export interface Canary {
  name: string
  /** What is sent and stored. */
  value: string
  /** Surfaces on which it may stand by design, by the beginning of their names. */
  allowed: readonly string[]
}

export interface Hit {
  canary: string
  form: string
  surface: string
  /** Around it; of a control or a made-up secret alone. */
  excerpt: string
}

export interface Surface {
  name: string
  text: string
}

/** A value of 24 random letters and digits between characters that encodings escape. */
export function makeValue(prefix: string): string {
  const core = randomBytes(32).toString('base64').replace(/[+/=]/g, '').slice(0, 24)
  return `${prefix}/${core}+"&<~`
}

/** A value of letters and digits alone, as may stand in a host or be taken for a code. */
export function makeWord(prefix: string): string {
  return makeValue(prefix).replace(/[^A-Za-z0-9]/g, '')
}

/** The parts of a value that are searched: runs of letters and digits, or of base64url, that are long enough. */
function coresOf(value: string): string[] {
  return [...value.matchAll(/[A-Za-z0-9_-]{16,}/g)].map(([core]) => core)
}

type Encode = (piece: string) => string[]

const bytesIn = (piece: string) => [...Buffer.from(piece)].map((byte) => byte.toString(16).padStart(2, '0'))

/** What stays of the base64 form whatever stands around it: three alignments. */
const base64Of: Encode = (piece) =>
  [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(piece)])
    const from = Math.ceil((offset * 8) / 6)
    return bytes.toString('base64').slice(from, Math.floor((bytes.length * 8) / 6))
  })

/** Case is ignored, so both cases of percent-encoding and of hexadecimal are one. */
export const FORMS = {
  plain: (piece) => [piece],
  percent: (piece) => [
    bytesIn(piece)
      .map((byte) => `%${byte}`)
      .join(''),
  ],
  'json-escaped': (piece) => [
    bytesIn(piece)
      .map((byte) => `\\u00${byte}`)
      .join(''),
  ],
  'html-decimal': (piece) => [[...Buffer.from(piece)].map((byte) => `&#${byte};`).join('')],
  'html-hex': (piece) => [
    bytesIn(piece)
      .map((byte) => `&#x${byte};`)
      .join(''),
  ],
  hex: (piece) => [bytesIn(piece).join('')],
  base64: base64Of,
  base64url: (piece) => base64Of(piece).map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
} as const satisfies Record<string, Encode>

export type Form = keyof typeof FORMS

interface Pattern {
  text: string
  canary: Canary
  form: Form
}

function patternsOf(canary: Canary): Pattern[] {
  return coresOf(canary.value).flatMap((core) => {
    const starts = [0, Math.floor((core.length - PIECE) / 2), core.length - PIECE]
    const pieces = new Set(starts.map((start) => core.slice(start, start + PIECE)))
    return (Object.keys(FORMS) as Form[]).flatMap((form) =>
      [...pieces].flatMap((piece) =>
        FORMS[form](piece).map((text) => ({ text: text.toLowerCase(), canary, form })),
      ),
    )
  })
}

/** One hit for each canary, form and surface. */
export function search(canaries: readonly Canary[], surfaces: readonly Surface[]): Hit[] {
  const byStart = new Map<string, Pattern[]>()
  for (const pattern of canaries.flatMap(patternsOf)) {
    const start = pattern.text.slice(0, KEY_CHARACTERS)
    const same = byStart.get(start)
    if (same) same.push(pattern)
    else byStart.set(start, [pattern])
  }
  const hits = new Map<string, Hit>()
  for (const { name: surface, text } of surfaces) {
    const lower = text.toLowerCase()
    for (let at = 0; at + KEY_CHARACTERS <= lower.length; at++) {
      for (const pattern of byStart.get(lower.slice(at, at + KEY_CHARACTERS)) ?? []) {
        const { canary, form } = pattern
        if (!lower.startsWith(pattern.text, at)) continue
        if (canary.allowed.some((allowed) => surface.startsWith(allowed))) continue
        const key = JSON.stringify([canary.name, form, surface])
        const excerpt = text.slice(Math.max(0, at - 60), at + pattern.text.length + 40)
        if (!hits.has(key)) hits.set(key, { canary: canary.name, form, surface, excerpt })
      }
    }
  }
  return [...hits.values()]
}
