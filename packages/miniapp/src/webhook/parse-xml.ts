import { parseXml, XmlDocumentType, XmlElement, XmlError, XmlText } from '@rgrove/parse-xml'
import type { Rec } from '../expression/own.ts'
import { MAX_BODY_DEPTH } from './body-depth.ts'

export type XmlOutcome =
  | { kind: 'parsed'; value: Rec }
  | { kind: 'not-xml'; reason: string }
  | { kind: 'too-deep' }

/**
 * Reads XML as an object whose one key is the root element (specification 5.1): an element becomes an object, attributes
 * `@name`, text `#text`; an element with only text is that string, repeated children are an array. Names are kept as
 * written, prefixes included. A document with a DTD, or with an entity that XML does not define itself, is none.
 */
export function readXml(text: string): XmlOutcome {
  try {
    const document = parseXml(text, { preserveDocumentType: true })
    if (document.children.some((node) => node instanceof XmlDocumentType))
      return { kind: 'not-xml', reason: 'it has a document type, which is not read' }
    const { root } = document
    if (root === null) return { kind: 'not-xml', reason: 'it has no root element' }
    return { kind: 'parsed', value: Object.fromEntries([[root.name, elementValue(root, 1)]]) }
  } catch (error) {
    // The parser recurses; so does what walks its tree, up to the limit.
    if (error instanceof TooDeep || error instanceof RangeError) return { kind: 'too-deep' }
    if (error instanceof XmlError) return { kind: 'not-xml', reason: 'it is not well-formed' }
    throw error
  }
}

class TooDeep extends Error {}

function elementValue(element: XmlElement, depth: number): unknown {
  if (depth > MAX_BODY_DEPTH) throw new TooDeep()
  const members = new Map<string, unknown>()
  for (const [name, value] of Object.entries(element.attributes)) members.set(`@${name}`, value)
  let text = ''
  let hasChildren = false
  const repeated = new Map<string, unknown[]>()
  for (const child of element.children) {
    if (child instanceof XmlText) text += child.text
    if (!(child instanceof XmlElement)) continue
    hasChildren = true
    const value = elementValue(child, depth + 1)
    const known = repeated.get(child.name)
    if (known === undefined) repeated.set(child.name, [value])
    else known.push(value)
  }
  if (members.size === 0 && !hasChildren) return text
  for (const [name, values] of repeated) members.set(name, values.length === 1 ? values[0] : values)
  if (text.trim() !== '') members.set('#text', hasChildren ? text.trim() : text)
  return Object.fromEntries(members)
}
