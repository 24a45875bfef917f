/** `definition.md`: the document noun by noun, from the descriptions of its JSON Schema. */
import { type JsonSchema, jsonSchema } from '../packages/miniapp/src/index.ts'
import { anchor, code, codeBlock, page, table } from './generate-markdown.ts'

/** The keywords that the schema of the format uses. */
interface Node {
  $ref?: string
  type?: string | string[]
  description?: string
  /** What a noun says of itself; beside references stands what it is there. */
  $comment?: string
  properties?: Record<string, Node>
  required?: string[]
  additionalProperties?: Node | boolean
  anyOf?: Node[]
  /** Of one reference: beside a description. */
  allOf?: Node[]
  items?: Node
  enum?: unknown[]
  const?: unknown
  examples?: unknown[]
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  maxLength?: number
}

interface Section {
  title: string
  /** What a link to it says. */
  label: string
  node: Node
}

const ROOT_TITLE = 'The document'
const REFERENCE = '#/$defs/'

/** The page, with one section for each object of the format, in the order in which the document reaches them. */
export function definitionPage(schema: JsonSchema = jsonSchema()): string {
  return new DefinitionPage(schema as Node, schema.$defs as Record<string, Node>).toString()
}

class DefinitionPage {
  readonly #nouns: Record<string, Node>
  readonly #sections: Section[] = []

  constructor(root: Node, nouns: Record<string, Node>) {
    this.#nouns = nouns
    this.#visit({ title: ROOT_TITLE, label: ROOT_TITLE, node: root })
  }

  toString(): string {
    return page('The definition', 'the schemas in packages/miniapp/src/schema', [
      'One JSON object. This page lists every property. [miniapp.schema.json](miniapp.schema.json) says the same to ' +
        'machines, and more exactly; a server has it at `/miniapp.schema.json` for editors. A property that is not ' +
        'listed is an error, unless its name starts with `x-`. Rules check what refers to what inside a document: see ' +
        'the [finding codes](finding-codes.md).',
      ...this.#sections.flatMap((section) => this.#write(section)),
    ])
  }

  /** Adds the section of a node and, after it, those of what it holds. */
  #visit(section: Section): void {
    const { title, node } = section
    if (this.#sections.some((known) => known.title === title)) return
    this.#sections.push(section)
    const prefix = title === ROOT_TITLE ? '' : `${title}.`
    for (const [name, property] of Object.entries(node.properties ?? {}))
      this.#visitInner(prefix + name, property)
    this.#visitOptions(title, node)
  }

  #visitInner(title: string, node: Node): void {
    const noun = nounOf(node)
    if (noun !== undefined) this.#visit({ title: noun, label: noun, node: this.#nouns[noun] ?? {} })
    else if (node.properties !== undefined) this.#visitObject({ title, label: title, node })
    else {
      for (const inner of [node.items, node.additionalProperties])
        if (typeof inner === 'object') this.#visitInner(title, inner)
      this.#visitOptions(title, node)
    }
  }

  /** Of several forms that are objects without a name, each gets a title of its own. */
  #visitOptions(title: string, { anyOf = [] }: Node): void {
    const isAmbiguous = anyOf.filter(({ properties }) => properties !== undefined).length > 1
    for (const node of anyOf) {
      if (isAmbiguous && node.properties !== undefined) {
        const label = distinction(node)
        this.#visitObject({ title: `${title} with ${label}`, label: `with ${label}`, node })
      } else this.#visitInner(title, node)
    }
  }

  /** Equal objects without a name share one section. */
  #visitObject(section: Section): void {
    if (this.#sectionOf(section.node) === undefined) this.#visit(section)
  }

  /** The first section that has the fields of an object. */
  #sectionOf({ properties }: Node): Section | undefined {
    if (properties === undefined) return undefined
    const text = JSON.stringify(properties)
    return this.#sections.find((section) => JSON.stringify(section.node.properties) === text)
  }

  #write({ title, node }: Section): string[] {
    const { $comment, description = $comment, examples = [], required = [] } = node
    const twin = this.#sectionOf(node)
    const about = [`## ${title}`, ...(description === undefined ? [] : [description])]
    const blocks = examples.map((example) => codeBlock('json', JSON.stringify(example, null, 2)))
    if (node.properties === undefined) return [...about, `Type: ${this.#type(node)}.`, ...blocks]
    if (twin === undefined || twin.title === title) return [...about, this.#fields(node), ...blocks]
    const names = required.length === 0 ? 'none' : either(required.map(code), 'and')
    return [...about, `The fields are those of ${link(twin.title)}. Required: ${names}.`, ...blocks]
  }

  #fields({ properties = {}, required = [] }: Node): string {
    const rows = Object.entries(properties).map(([name, property]) => [
      code(name),
      this.#type(property),
      required.includes(name) ? 'yes' : 'no',
      property.description ?? this.#nouns[nounOf(property) ?? '']?.$comment ?? '',
    ])
    return table(['field', 'type', 'required', 'description'], rows)
  }

  #type(node: Node): string {
    const noun = nounOf(node)
    if (noun !== undefined) return link(noun)
    if (node.const !== undefined) return code(String(node.const))
    if (node.enum !== undefined) return node.enum.map((value) => code(String(value))).join(', ')
    if (node.anyOf !== undefined) return this.#oneOf(node.anyOf)
    if (node.type === 'array') return `list of ${plural(this.#type(node.items ?? {}))}`
    if (node.type === 'object') return this.#object(node)
    if (node.type === undefined) return 'any value'
    return either([node.type].flat()) + boundsOf(node)
  }

  #oneOf(options: Node[]): string {
    const texts = options.map((option) => this.#type(option))
    const single = texts.find((text) => texts.includes(`list of ${text}`))
    if (single === undefined) return either(texts)
    return `${single}, or a list of them`
  }

  #object(node: Node): string {
    const section = this.#sectionOf(node)
    if (section !== undefined) return link(section.title, section.label)
    const { additionalProperties: values } = node
    if (typeof values !== 'object' || Object.keys(values).length === 0) return 'object'
    return `object of ${plural(this.#type(values))}`
  }
}

function nounOf({ allOf, $ref = allOf?.[0]?.$ref }: Node): string | undefined {
  return $ref?.startsWith(REFERENCE) ? $ref.slice(REFERENCE.length) : undefined
}

/** What tells one form of a value from the others: its constant, or the first property it must have. */
function distinction({ properties = {}, required = [] }: Node): string {
  const fixed = Object.entries(properties).find(([, property]) => property.const !== undefined)
  return fixed ? `${fixed[0]} ${String(fixed[1].const)}` : (required[0] ?? Object.keys(properties).join(', '))
}

function link(title: string, label = title): string {
  return `[${label}](#${anchor(title)})`
}

function either(texts: string[], word = 'or'): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} ${word} ${texts.at(-1)}`
}

function plural(type: string): string {
  return type.replace(/^(string|integer|number|boolean|object|list|any value)\b/, '$1s')
}

function boundsOf({ minimum, exclusiveMinimum, maximum = Number.MAX_SAFE_INTEGER, maxLength }: Node): string {
  if (maxLength !== undefined) return `, at most ${maxLength} characters`
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}, at most ${maximum}`
  if (minimum === undefined) return ''
  return maximum === Number.MAX_SAFE_INTEGER ? `, at least ${minimum}` : ` from ${minimum} to ${maximum}`
}
