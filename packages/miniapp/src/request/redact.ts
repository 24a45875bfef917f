/**
 * Takes secrets out of text before it is stored, logged or shown (specification 3.2, "Redacted").
 *
 * One regular expression is compiled per set of secrets. For every secret it matches each character in any of
 * the forms in which providers echo it (as it is, percent-encoded, JSON-escaped, as an HTML entity), so mixtures
 * match too, and the secret's base64 and base64url form wherever it starts inside a longer encoded text, so that
 * the pair of `Basic` needs no case of its own.
 */

import { type Rec, setOwn } from '../expression/own.ts'

/** Shorter values are no secrets worth hiding, and replacing them would tear ordinary words apart (3.2). */
export const MIN_SECRET_CHARACTERS = 6

/** Longer secrets (keys in PEM) are matched piece by piece: the expression stays small, and a cut echo is hidden too. */
const PIECE_CHARACTERS = 256

/** The longest form of one character that the expression matches, `%25252F` and the like. */
const LONGEST_ENCODED_CHARACTER = 16

/** Characters; for redactors that were not made here. */
const DEFAULT_REACH = PIECE_CHARACTERS * LONGEST_ENCODED_CHARACTER

export const REDACTED = '***'

export interface Redactor {
  (text: string): string
  /** Characters of the longest text that is replaced at once; default {@link DEFAULT_REACH}. */
  readonly reach?: number
}

/** Headers that are never stored, whoever wrote them; lower case. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
])

/**
 * @param secrets values to hide, in any order; those under {@link MIN_SECRET_CHARACTERS} characters are ignored.
 *   Compiling takes about 0.1 ms a secret: make one redactor per revision of an install and keep it.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const pieces = [...new Set(secrets.flatMap((secret) => piecesOf(secret)))].sort(
    (a, b) => b.length - a.length,
  )
  if (pieces.length === 0) return Object.assign((text: string) => text, { reach: 0 })
  const forms = new Set(pieces.flatMap((piece) => [textForm(piece), ...base64Forms(piece)]))
  const pattern = new RegExp(`(?:${[...forms].join('|')})+`, 'gi')
  let slowPattern: RegExp | undefined
  const longest = pieces[0]?.length ?? 0
  // Every form writes each character of a secret as one character or more, and base64 four for three bytes.
  const shortest = Math.min(...pieces.map((piece) => [...piece].length))
  const redact = (text: string): string => {
    if (text.length < shortest) return text
    const redacted = text.replace(pattern, REDACTED)
    if (!ENCODED_LETTER.test(redacted)) return redacted
    slowPattern ??= new RegExp(`(?:${pieces.map((piece) => textForm(piece, EVERYTHING)).join('|')})+`, 'gi')
    return redacted.replace(slowPattern, REDACTED)
  }
  return Object.assign(redact, { reach: longest * LONGEST_ENCODED_CHARACTER })
}

/** A redactor that applies both; used where a refresh brought new secrets into a run. */
export function joinRedactors(first: Redactor, second: Redactor): Redactor {
  return Object.assign((text: string) => second(first(text)), {
    reach: Math.max(reachOf(first), reachOf(second)),
  })
}

/** The first `limit` characters of `text`, redacted before it is cut, so that no half of a secret stays at the end. */
export function redactStart(text: string, redact: Redactor, limit: number): string {
  // One reach for a secret that crosses the limit, one because replacing makes the text before it shorter.
  const seen = limit + 2 * reachOf(redact)
  if (text.length <= seen) return redact(text).slice(0, limit)
  const redacted = redact(text.slice(0, seen))
  return redacted.slice(0, Math.max(0, Math.min(limit, redacted.length - reachOf(redact))))
}

function reachOf(redact: Redactor): number {
  return redact.reach ?? DEFAULT_REACH
}

/** Header values for a record. `alwaysHidden` holds further lower-case names, those whose template names `[[…]]`. */
export function redactHeaders(
  headers: Record<string, string>,
  redact: Redactor,
  alwaysHidden: readonly string[] = [],
): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase()
    shown[name] =
      SECRET_HEADERS.has(lower) || alwaysHidden.includes(lower) ? REDACTED : redact(headers[name] ?? '')
  }
  return shown
}

/** Levels of a value that is redacted; what is deeper is hidden whole, so that no payload exhausts the stack. */
const MAX_REDACTED_DEPTH = 500

/** A JSON value with every text in it redacted; shares what did not change. */
export function redactValue(value: unknown, redact: Redactor, depth = 0): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_REDACTED_DEPTH) return REDACTED
  if (Array.isArray(value)) {
    const items = value.map((item) => redactValue(item, redact, depth + 1))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  let changed = false
  const shown: Rec = {}
  for (const key of Object.keys(value)) {
    const member = (value as Rec)[key]
    const shownKey = redact(key)
    const shownMember = redactValue(member, redact, depth + 1)
    if (shownKey !== key || shownMember !== member) changed = true
    setOwn(shown, shownKey, shownMember)
  }
  return changed ? shown : value
}

/** Every text and number in a value, as text, whatever its depth: the secrets of a bag. */
export function textsIn(value: unknown): string[] {
  const texts: string[] = []
  const left: unknown[] = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next === 'string') texts.push(next)
    else if (typeof next === 'number') texts.push(String(next))
    else if (typeof next === 'object' && next !== null)
      for (const member of Object.values(next)) left.push(member)
  }
  return texts
}

function piecesOf(secret: string): string[] {
  const characters = [...secret.trim()]
  if (characters.length < MIN_SECRET_CHARACTERS) return []
  const pieces: string[] = []
  for (let start = 0; start < characters.length; ) {
    const rest = characters.length - start
    // The last piece takes a remainder that would be too short on its own.
    const take = rest < PIECE_CHARACTERS + MIN_SECRET_CHARACTERS ? rest : PIECE_CHARACTERS
    pieces.push(characters.slice(start, start + take).join(''))
    start += take
  }
  return pieces
}

/** Letters and digits stand as they are but in texts of the kind of {@link ENCODED_LETTER}. */
const SPECIAL = /\\+|[^A-Za-z0-9]/gu
const EVERYTHING = /\\+|[^\\]/gu

/** Some write letters and digits encoded too: against filters, or because it was simpler. */
const ENCODED_LETTER = /%(?:25){0,2}[3-7][0-9A-Fa-f]|&#[xX]?[0-9A-Fa-f]+;|\\u00[3-7]/

function textForm(piece: string, encoded: RegExp = SPECIAL): string {
  return piece.replace(encoded, (character) =>
    character.startsWith('\\') ? backslashForm(character.length) : characterForm(character),
  )
}

/** A run is one form: one form a backslash would try every way of sharing a longer run among them. */
function backslashForm(count: number): string {
  return `(?:\\\\{${count},${count * 8}}|(?:%(?:25){0,2}5[cC]){${count}}|(?:\\\\{1,7}u005[cC]){${count}})`
}

const SHORT_ESCAPES: Record<string, string> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't' }
const NAMED_ENTITIES: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }

function characterForm(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const percent = [...new TextEncoder().encode(character)].map((byte) => `%(?:25){0,2}${hexForm(byte, 2)}`)
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  const forms = [
    literal(character),
    percent.join(''),
    units.map((unit) => `\\\\{1,7}u${hexForm(unit, 4)}`).join(''),
    `&#(?:0{0,3}${code}|[xX]0{0,3}${hexForm(code, 1)});`,
  ]
  if (character === ' ') forms.push('\\+')
  if (character === '"' || character === '/') forms.push(`\\\\{1,7}${character}`)
  const short = SHORT_ESCAPES[character]
  if (short) forms.push(`\\\\{1,7}${short}`)
  const entity = NAMED_ENTITIES[character]
  if (entity) forms.push(`&${entity};`)
  return `(?:${forms.join('|')})`
}

function hexForm(value: number, digits: number): string {
  return value
    .toString(16)
    .padStart(digits, '0')
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character
}

const BASE64_CHARACTER_FORMS: Record<string, string> = {
  '+': '(?:[+-]|%2[bB]|\\\\{1,7}u002[bB])',
  '/': '(?:[/_]|%2[fF]|\\\\{1,7}/)',
}

/**
 * What stays constant of the base64 form of any text that holds the secret: a secret that starts at byte 0, 1 or 2
 * of a group of three shares its first and last character with its neighbours, the others are its own. OAuth
 * clients encode the percent-encoded secret (RFC 6749, 2.3.1), so that form counts too.
 */
function base64Forms(piece: string): string[] {
  const encoded = percentEncoded(piece)
  return [...new Set([piece, encoded])].flatMap((text) => {
    const bytes = new TextEncoder().encode(text)
    return [0, 1, 2].map((offset) => {
      const padded = new Uint8Array(offset + bytes.length)
      padded.set(bytes, offset)
      const from = Math.ceil((offset * 8) / 6)
      const to = Math.floor((padded.length * 8) / 6)
      const own = btoa(String.fromCharCode(...padded)).slice(from, to)
      return own.replace(/[+/]/g, (character) => BASE64_CHARACTER_FORMS[character] ?? character)
    })
  })
}

function percentEncoded(text: string): string {
  // A lone surrogate has no percent-encoded form; a secret with one is hidden in its other forms.
  return text.isWellFormed() ? encodeURIComponent(text) : text
}
