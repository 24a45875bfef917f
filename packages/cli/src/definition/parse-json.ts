import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import { pointerSegments } from 'miniapp/validate'
import type { Locate, ParsedSource, Part, Span, SyntaxFault } from './source-document.ts'

/** By the parser's own name of the fault. */
const FAULTS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'This is no JSON: texts and property names stand in double quotes.',
  InvalidNumberFormat: 'This is no number as JSON writes them.',
  PropertyNameExpected:
    'A property name in double quotes is expected here; after the last property there is no comma.',
  ValueExpected: 'A value is expected here; after the last element there is no comma.',
  ColonExpected: 'A colon is expected between a property name and its value.',
  CommaExpected: 'A comma or a closing bracket is expected here.',
  CloseBraceExpected: 'The object is not closed: } is expected.',
  CloseBracketExpected: 'The list is not closed: ] is expected.',
  EndOfFileExpected: 'Nothing may follow the end of the document.',
  InvalidCommentToken: 'Comments are not JSON. Name the file .jsonc to write some.',
  UnexpectedEndOfComment: 'The comment is not closed: */ is expected.',
  UnexpectedEndOfString: 'The text is not closed on its line: " is expected; a line break is written \\n.',
  UnexpectedEndOfNumber: 'The number is not complete.',
  InvalidUnicode: 'The escape is not complete: four hexadecimal digits follow \\u.',
  InvalidEscapeCharacter: 'There is no such escape; a backslash itself is written \\\\.',
  InvalidCharacter: 'A control character must be written as an escape, such as \\t.',
}

const EMPTY = 'The file is empty; it should hold one JSON object.'
const TOO_DEEP = 'The document is nested too deeply to be read.'

/**
 * @param lenient JSON with comments: also commas after the last element
 * @returns the first fault only: what follows it is mostly its consequence
 */
export function parseJsonSource(text: string, { lenient }: { lenient: boolean }): ParsedSource {
  const sound = lenient ? undefined : parseSound(text)
  if (sound === undefined) return parseWithPlaces(text, lenient)
  // Places are asked for only where there is something to say.
  let places: ParsedSource | undefined
  const locate: Locate = (pointer, part) => {
    places ??= parseWithPlaces(text, lenient)
    return places.ok ? places.locate(pointer, part) : undefined
  }
  return { ok: true, value: sound.value, locate }
}

/** The engine's own parser is many times as fast, but keeps silent about names that stand twice. */
function parseSound(text: string): { value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return countNames(value) === namesIn(text) ? { value } : undefined
  } catch {
    return undefined
  }
}

/** In sound JSON whatever is followed by a colon is a name. */
function namesIn(text: string): number {
  let count = 0
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"[ \t\r\n]*(:)?/g)) if (colon !== undefined) count++
  return count
}

function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const members = Object.values(value)
  let count = Array.isArray(value) ? 0 : members.length
  for (const member of members) count += countNames(member)
  return count
}

function parseWithPlaces(text: string, lenient: boolean): ParsedSource {
  const errors: ParseError[] = []
  let root: Node | undefined
  try {
    root = parseTree(text, errors, { disallowComments: !lenient, allowTrailingComma: lenient })
    const [error] = errors
    if (error !== undefined) return { ok: false, faults: [faultOf(error, text)] }
    if (root === undefined) return { ok: false, faults: [{ message: EMPTY, span: { offset: 0, length: 0 } }] }
    const repeated = repeatedNames(root)
    if (repeated.length > 0) return { ok: false, faults: repeated }
    return { ok: true, value: toValue(root), locate: locatorOf(root) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { ok: false, faults: [{ message: TOO_DEEP }] }
  }
}

function faultOf({ error, offset, length }: ParseError, text: string): SyntaxFault {
  if (text.trim() === '') return { message: EMPTY, span: { offset: 0, length: 0 } }
  const name = text[offset] === '=' ? 'ColonExpected' : printParseErrorCode(error)
  return { message: FAULTS[name] ?? `The JSON cannot be read (${name}).`, span: { offset, length } }
}

/** JSON parsers keep one of them in silence, not all the same one. */
function repeatedNames(node: Node): SyntaxFault[] {
  const faults: SyntaxFault[] = []
  const names = new Set<string>()
  for (const child of node.children ?? []) {
    const [key, value] = child.type === 'property' ? (child.children ?? []) : [undefined, child]
    if (key !== undefined && names.has(key.value)) {
      const message = `The property ${JSON.stringify(key.value)} stands twice in one object.`
      faults.push({ message, span: spanOf(key) })
    }
    if (key !== undefined) names.add(key.value)
    if (value !== undefined) faults.push(...repeatedNames(value))
  }
  return faults
}

/** The parser's own conversion would assign `__proto__`. */
function toValue(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(toValue)
  if (node.type !== 'object') return node.value
  return Object.fromEntries(
    (node.children ?? []).map(({ children: [key, value] = [] }) => [key?.value, value && toValue(value)]),
  )
}

function locatorOf(root: Node): Locate {
  return (pointer, part) => {
    let found: { name?: Node; value: Node } = { value: root }
    for (const segment of pointerSegments(pointer)) {
      const next = childOf(found.value, segment)
      if (next === undefined) return spanOfMember(found, 'name')
      found = next
    }
    return spanOfMember(found, part)
  }
}

function spanOfMember({ name, value }: { name?: Node; value: Node }, part: Part): Span {
  return spanOf(part === 'name' ? (name ?? value) : value)
}

function childOf(node: Node, segment: string): { name?: Node; value: Node } | undefined {
  if (node.type === 'array') {
    const value = /^\d+$/.test(segment) ? node.children?.[Number(segment)] : undefined
    return value && { value }
  }
  const property = (node.children ?? []).find(({ children: [key] = [] }) => key?.value === segment)
  const [name, value] = property?.children ?? []
  return name && value && { name, value }
}

function spanOf({ offset, length }: Node): Span {
  return { offset, length }
}
