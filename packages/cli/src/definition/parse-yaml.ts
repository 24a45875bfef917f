import { pointerSegments } from 'miniapp'
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml'
import type { Locate, ParsedSource, Span } from './source-document.ts'

const EMPTY = 'The file is empty; it should hold one object.'
const SEVERAL = 'The file holds several documents; a definition is one. Remove what stands from --- on.'

/** YAML 1.2, one document. All faults that the parser finds. */
export function parseYamlSource(text: string): ParsedSource {
  const document = parseDocument(text, { prettyErrors: false })
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ code, message, pos: [start, end] }) => ({
      message: code === 'MULTIPLE_DOCS' ? SEVERAL : sentence(message),
      span: { offset: start, length: Math.max(0, end - start) },
    }))
    return { ok: false, faults }
  }
  if (document.contents === null) {
    return { ok: false, faults: [{ message: EMPTY, span: { offset: 0, length: 0 } }] }
  }
  try {
    return { ok: true, value: document.toJS(), locate: locatorOf(document) }
  } catch (error) {
    // An alias without an anchor, or aliases that multiply beyond the parser's limit.
    const reason = error instanceof Error ? error.message : String(error)
    return { ok: false, faults: [{ message: sentence(reason) }] }
  }
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
