import { MiniAppError } from '../errors.ts'
import { compileKey } from './key.ts'
import type { Scopes } from './scope.ts'

/** `input` is `{{key}}`, `credential` is `[[key]]`. */
type PlaceholderSyntax = 'input' | 'credential'

/** Where a value lands; it decides how the value is encoded (specification 2.1). */
export type Place = 'scheme' | 'host' | 'port' | 'origin' | 'path' | 'query' | 'header' | 'body' | 'args'

/** One placeholder of a template, for validation and for deciding what a request carries. */
export interface PlaceholderRef {
  readonly syntax: PlaceholderSyntax
  readonly key: string
  readonly place: Place
  /** JSON Pointer of the string that holds the placeholder. */
  readonly pointer: string
  /** The placeholder is the whole string, or the whole value of a parameter in a URL's query. */
  readonly whole: boolean
}

export interface ParsedPlaceholder {
  syntax: PlaceholderSyntax
  /** Without the brackets and the white space around it. */
  key: string
  /** Offsets of the brackets in the text. */
  start: number
  end: number
}

const OPENING = /\{\{|\[\[/g
const INPUT = /\{\{([^{}]*)\}\}/y

/** No key: empty, with control characters inside, or with the other kind's brackets. */
const NO_KEY = /^$|\p{Cc}|\[\[/u

/** Nested JSON arrays in a text (`[[1,2]]`, `[["a"]]`, `[[{"b":1}]]`) are no credentials. */
const JSON_ARRAY = /^(?:["[{]|-?\d[\d.eE+-]*(?:\s*,|$))/

/**
 * Splits a text into literal strings and placeholders, in order. Brackets that hold no key or are not closed stay
 * literal text; of `{{{a}}}` the inner two pairs are the placeholder. Literals are never empty.
 */
export function parsePlaceholders(text: string): (string | ParsedPlaceholder)[] {
  const parts: (string | ParsedPlaceholder)[] = []
  let literalStart = 0
  OPENING.lastIndex = 0
  for (let mark = OPENING.exec(text); mark !== null; mark = OPENING.exec(text)) {
    const placeholder = placeholderAt(text, mark.index, mark[0] === '{{' ? 'input' : 'credential')
    if (placeholder === undefined) {
      OPENING.lastIndex = mark.index + 1
      continue
    }
    if (placeholder.start > literalStart) parts.push(text.slice(literalStart, placeholder.start))
    parts.push(placeholder)
    literalStart = placeholder.end
    OPENING.lastIndex = placeholder.end
  }
  if (literalStart < text.length) parts.push(text.slice(literalStart))
  return parts
}

function placeholderAt(
  text: string,
  start: number,
  syntax: PlaceholderSyntax,
): ParsedPlaceholder | undefined {
  const end = syntax === 'input' ? inputEnd(text, start) : credentialEnd(text, start)
  if (end === undefined) return undefined
  const key = text.slice(start + 2, end - 2).trim()
  if (NO_KEY.test(key) || (syntax === 'credential' && JSON_ARRAY.test(key))) return undefined
  return { syntax, key, start, end }
}

function inputEnd(text: string, start: number): number | undefined {
  INPUT.lastIndex = start
  return INPUT.test(text) ? INPUT.lastIndex : undefined
}

/** The first `]]` that closes no bracket of a path inside: `[[items[0]]]`. */
function credentialEnd(text: string, start: number): number | undefined {
  let open = 0
  for (let at = start + 2; at < text.length; at++) {
    const character = text[at]
    if (character === '[') {
      if (text[at + 1] === '[') return undefined
      open++
    } else if (character === ']') {
      if (open > 0) open--
      else return text[at + 1] === ']' ? at + 2 : undefined
    }
  }
  return undefined
}

/** Where a template stands: for error messages and for the list of its placeholders. */
export interface TemplateSite {
  readonly pointer: string
  readonly place: Place
  /** As a message says it: `the header "X-Id"`. */
  readonly where: string
}

/** Gives a placeholder's value; `undefined` where nothing resolves. Throws `NOT_CONFIGURED` for a `[[key]]`. */
export type ReadPlaceholder = (scopes: Scopes) => unknown

/** A string of a definition, split once. */
export interface CompiledText {
  readonly placeholders: readonly PlaceholderRef[]
  /** Set where the string holds no placeholder. */
  readonly constant: string | undefined
  /** Set where one placeholder is the whole string: the value keeps its type. */
  readonly whole: ReadPlaceholder | undefined
  /** The string with every value in it as text, each passed through `encode` where that is given. */
  text(scopes: Scopes): string
}

/** What becomes of a value inside a longer string, with the placeholder it came from. */
export type EncodeValue = (text: string, placeholder: PlaceholderRef) => string

export function compileText(template: string, site: TemplateSite, encode?: EncodeValue): CompiledText {
  const parts = parsePlaceholders(template)
  const isWhole = parts.length === 1 && typeof parts[0] === 'object'
  const refs: PlaceholderRef[] = []
  const readers: ReadPlaceholder[] = []
  const literals: string[] = ['']
  for (const part of parts) {
    if (typeof part === 'string') {
      literals[literals.length - 1] = part
      continue
    }
    refs.push(placeholderRef(part, site, isWhole))
    readers.push(compilePlaceholder(part, site))
    literals.push('')
  }
  return {
    placeholders: refs,
    constant: refs.length === 0 ? template : undefined,
    whole: isWhole ? readers[0] : undefined,
    text:
      encode === undefined
        ? joiner(literals, readers)
        : encodingJoiner({ literals, readers, refs, encode, site }),
  }
}

function placeholderRef(parsed: ParsedPlaceholder, site: TemplateSite, whole: boolean): PlaceholderRef {
  return { syntax: parsed.syntax, key: parsed.key, place: site.place, pointer: site.pointer, whole }
}

export function compilePlaceholder(parsed: ParsedPlaceholder, site: TemplateSite): ReadPlaceholder {
  const find = compileKey(parsed.key)
  if (parsed.syntax === 'input') return (scopes) => find(scopes.input.sources)
  return (scopes) => {
    const value = find(scopes.credential.sources)
    if (value === undefined) throw notConfigured(parsed, site)
    return value
  }
}

/** The error of a `[[key]]` without a value. */
export function notConfigured(
  { key }: { key: string },
  site: Pick<TemplateSite, 'where' | 'pointer'>,
): MiniAppError {
  const message = `[[${key}]] in ${site.where} has no value: the connection does not hold "${key}"`
  return new MiniAppError('NOT_CONFIGURED', message, { path: site.pointer, details: { missing: [key] } })
}

/**
 * The error of a value that may not stand where it would land, or of one that is missing: names key and place, never the
 * value.
 *
 * @param reason default: there is no value
 */
export function refuse(
  placeholder: Pick<PlaceholderRef, 'syntax' | 'key'>,
  site: Pick<TemplateSite, 'where' | 'pointer'>,
  reason?: string,
): MiniAppError {
  const message = `${placeholderText(placeholder)} in ${site.where} ${reason ?? 'has no value'}`
  return new MiniAppError('VALIDATION_ERROR', message, {
    path: site.pointer,
    details: { placeholder: placeholder.key, ...(reason === undefined && { hasNoValue: true }) },
  })
}

function placeholderText({ syntax, key }: Pick<PlaceholderRef, 'syntax' | 'key'>): string {
  return syntax === 'input' ? `{{${key}}}` : `[[${key}]]`
}

/**
 * A value inside a longer string (specification 2.1, type preservation): text as it is, numbers and booleans by
 * `String`, objects and arrays as compact JSON, `null` and what did not resolve as the empty string.
 *
 * @throws MiniAppError `VALIDATION_ERROR` where the value is nested too deeply to be written as JSON.
 */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? compactJson(value) : String(value)
}

function compactJson(value: object): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new MiniAppError('VALIDATION_ERROR', 'a value is nested too deeply to be sent as JSON', { cause })
  }
}

function joiner(
  literals: readonly string[],
  readers: readonly ReadPlaceholder[],
): (scopes: Scopes) => string {
  const head = literals[0] as string
  return (scopes) => {
    let text = head
    for (let index = 0; index < readers.length; index++) {
      text += textOf((readers[index] as ReadPlaceholder)(scopes)) + (literals[index + 1] as string)
    }
    return text
  }
}

interface EncodingParts {
  literals: readonly string[]
  readers: readonly ReadPlaceholder[]
  refs: readonly PlaceholderRef[]
  encode: EncodeValue
  site: TemplateSite
}

function encodingJoiner({ literals, readers, refs, encode }: EncodingParts): (scopes: Scopes) => string {
  return (scopes) => {
    let text = literals[0] as string
    for (let index = 0; index < readers.length; index++) {
      const value = textOf((readers[index] as ReadPlaceholder)(scopes))
      text += encode(value, refs[index] as PlaceholderRef) + (literals[index + 1] as string)
    }
    return text
  }
}
