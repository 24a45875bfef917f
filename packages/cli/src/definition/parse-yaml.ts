import { pointerSegments } from 'miniapp/validate'
import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
  type YAMLSeq,
} from 'yaml'
import type { Locate, ParsedSource, Span, SyntaxFault } from './source-document.ts'

const EMPTY = 'The file is empty; it should hold one object.'

const NO_COLON = 'A colon and a space stand between a property and its value.'

/** By the parser's own code of the fault, where its text does not say what would be right. */
const FAULTS: Partial<Record<ErrorCode, string>> = {
  BAD_DQ_ESCAPE:
    'There is no such escape; inside double quotes a backslash is written \\\\, or the text stands in single quotes.',
  BAD_SCALAR_START: 'A text that starts with this character stands in quotes.',
  BLOCK_AS_IMPLICIT_KEY:
    'A colon and a space begin the value of a property. A text that holds them stands in quotes; a property of the object above is indented like the others.',
  DUPLICATE_KEY: 'The property stands twice in one object.',
  MULTIPLE_DOCS: 'The file holds several documents; a definition is one. Remove what stands from --- on.',
  TAB_AS_INDENT: 'Lines are indented with spaces; YAML allows no tab here.',
}

/** YAML 1.2, one document. All faults that the parser finds. */
export function parseYamlSource(text: string): ParsedSource {
  const document = parseDocument(text, { prettyErrors: false })
  const faults = [...document.errors.map(faultOf), ...bracketFaults(document, text)]
  if (faults.length > 0) return { ok: false, faults }
  if (document.contents === null) {
    return { ok: false, faults: [{ message: EMPTY, span: { offset: 0, length: 0 } }] }
  }
  try {
    return { ok: true, value: document.toJS(), locate: locatorOf(document) }
  } catch (error) {
    // An alias without an anchor, or aliases that multiply beyond the parser's limit.
    const reason = error instanceof Error ? error.message : String(error)
    const span = lostAlias(document)
    return { ok: false, faults: [{ message: sentence(reason), ...(span && { span }) }] }
  }
}

function faultOf({ code, message, pos: [start, end] }: YAMLParseError): SyntaxFault {
  const isWithoutColon = message.startsWith('Implicit map keys')
  return {
    message: isWithoutColon ? NO_COLON : (FAULTS[code] ?? sentence(message)),
    span: { offset: start, length: Math.max(0, end - start) },
  }
}

/** Placeholders without quotes: to YAML `{{key}}` is an object inside an object, and `[[key]]` a list inside a list. */
function bracketFaults(document: Document, text: string): SyntaxFault[] {
  const faults: SyntaxFault[] = []
  const report = (node: Node): typeof visit.SKIP => {
    const span = spanOf(node)
    if (span !== undefined) {
      const written = text.slice(span.offset, span.offset + span.length).trim()
      const message = `To YAML these brackets are no text; a placeholder stands in quotes: "${written}".`
      faults.push({ message, span })
    }
    return visit.SKIP
  }
  visit(document, {
    Map: (_, node) => (node.items.length === 1 && isMap(node.items[0]?.key) ? report(node) : undefined),
    Seq: (_, node) => (isWrappedName(node) ? report(node) : undefined),
  })
  return faults
}

/** `[[name]]` in one line. */
function isWrappedName({ flow, items }: YAMLSeq): boolean {
  const [inner] = items
  if (flow !== true || items.length !== 1 || !isSeq(inner) || inner.items.length !== 1) return false
  const [name] = inner.items
  return isScalar(name) && name.type === 'PLAIN' && /^[A-Za-z_][\w.]*$/.test(String(name.value))
}

function lostAlias(document: Document): Span | undefined {
  let lost: Span | undefined
  visit(document, {
    Alias: (_, node) => {
      lost ??= node.resolve(document) === undefined ? spanOf(node) : undefined
    },
  })
  return lost
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

interface Member {
  name?: Node
  value: Node
}

function locatorOf(document: Document): Locate {
  return (pointer, part) => {
    let found: Member | undefined = document.contents ? { value: document.contents as Node } : undefined
    if (found === undefined) return undefined
    for (const segment of pointerSegments(pointer)) {
      const next = childOf(document, found.value, segment)
      if (next === undefined) return spanOf(found.name ?? found.value)
      found = next
    }
    return spanOf(part === 'name' ? (found.name ?? found.value) : found.value)
  }
}

function childOf(document: Document, node: Node, segment: string): Member | undefined {
  const container = isAlias(node) ? node.resolve(document) : node
  if (isSeq(container)) {
    const value = /^\d+$/.test(segment) ? (container.items[Number(segment)] as Node | null) : undefined
    return value ? { value } : undefined
  }
  if (!isMap(container)) return undefined
  const pair = container.items.find(({ key }) => isScalar(key) && String(key.value) === segment)
  if (pair === undefined) return undefined
  const name = pair.key as Node
  return { name, value: (pair.value as Node | null) ?? name }
}

function spanOf({ range }: Node): Span | undefined {
  if (!range) return undefined
  const [start, valueEnd] = range
  return { offset: start, length: valueEnd - start }
}
