import { isObject, type Rec, setOwn } from './expression/own.ts'
import { compilePattern, type LinearPattern } from './input-pattern.ts'
import { convertScalar } from './input-scalar.ts'
import { resolveReference, type SchemaNode } from './input-schema.ts'
import { under } from './schema/pointer.ts'

/** What coercion noticed and validation needs to know, by JSON Pointer into the input. */
export interface CoercionNotes {
  /** Whole numbers too long for a number: they stay text with all their digits, and are no type error. */
  exactDigits: Set<string>
  /** Left empty although required. */
  blank: Set<string>
}

export type Coerce = (value: unknown, at: string, notes: CoercionNotes) => unknown

/** What a schema, with everything it refers to and combines, says about one value. */
interface View {
  types: Set<string>
  hasSource: boolean
  properties: Map<string, SchemaNode[]>
  patterns: { pattern: LinearPattern; schema: SchemaNode }[]
  /** Schema of properties that are not declared, where it is given. */
  rest: SchemaNode | undefined
  required: Set<string>
  defaults: Map<string, unknown>
  prefixItems: SchemaNode[]
  items: SchemaNode | undefined
}

/**
 * Compiles the coercion of form input (specification 4.1): texts become what the schema wants, `""` for an optional
 * parameter counts as absent, defaults are filled in, and what is not declared is dropped at every level. What cannot
 * be converted stays as it is, for validation to report.
 *
 * An object schema that declares no properties takes any; one with `additionalProperties` takes what that allows.
 *
 * @throws Error for a name pattern that RE2 cannot compile
 */
export function compileCoercion(schema: Rec): Coerce {
  const known = new Map<SchemaNode, Coerce>()
  const compile = (nodes: readonly SchemaNode[]): Coerce => {
    const [only] = nodes
    const kept = nodes.length === 1 && only !== undefined ? known.get(only) : undefined
    if (kept) return kept
    // Compiled at the first value: schemas may refer to themselves.
    let coerce: Coerce | undefined
    const lazy: Coerce = (value, at, notes) => {
      coerce ??= compileView(viewOf(nodes, schema), compile, nodes[0] === schema)
      return coerce(value, at, notes)
    }
    if (nodes.length === 1 && only !== undefined) known.set(only, lazy)
    return lazy
  }
  return compile([schema])
}

function viewOf(nodes: readonly SchemaNode[], root: Rec): View {
  const view: View = {
    types: new Set(),
    hasSource: false,
    properties: new Map(),
    patterns: [],
    rest: undefined,
    required: new Set(),
    defaults: new Map(),
    prefixItems: [],
    items: undefined,
  }
  const seen = new Set<SchemaNode>()
  for (const node of nodes) addNode(view, node, { root, seen, always: true })
  return view
}

interface Walk {
  root: Rec
  seen: Set<SchemaNode>
  /** The node holds for every value, not only for those that choose its branch. */
  always: boolean
}

const BRANCHES = ['anyOf', 'oneOf'] as const
const CONDITIONAL = ['if', 'then', 'else'] as const

function addNode(view: View, node: unknown, walk: Walk): void {
  if (!isObject(node) || walk.seen.has(node)) return
  walk.seen.add(node)
  for (const type of typesOf(node)) view.types.add(type)
  if (typeof node['x-source'] === 'string') view.hasSource = true
  addObjectKeywords(view, node, walk.always)
  if (Array.isArray(node['prefixItems'])) view.prefixItems = node['prefixItems'] as SchemaNode[]
  if (node['items'] !== undefined) view.items ??= node['items'] as SchemaNode
  if (typeof node['$ref'] === 'string') addNode(view, resolveReference(walk.root, node['$ref']), walk)
  for (const part of (node['allOf'] as unknown[] | undefined) ?? []) addNode(view, part, walk)
  const maybe = { ...walk, always: false }
  for (const name of BRANCHES)
    for (const part of (node[name] as unknown[] | undefined) ?? []) addNode(view, part, maybe)
  for (const name of CONDITIONAL) addNode(view, node[name], maybe)
  for (const name of ['dependentSchemas', 'dependencies']) {
    if (isObject(node[name])) for (const part of Object.values(node[name])) addNode(view, part, maybe)
  }
}

function addObjectKeywords(view: View, node: Rec, always: boolean): void {
  for (const [name, property] of Object.entries((node['properties'] as Rec | undefined) ?? {})) {
    view.properties.set(name, [...(view.properties.get(name) ?? []), property as SchemaNode])
    if (always && isObject(property) && Object.hasOwn(property, 'default'))
      view.defaults.set(name, property['default'])
  }
  for (const [pattern, property] of Object.entries((node['patternProperties'] as Rec | undefined) ?? {})) {
    view.patterns.push({ pattern: compilePattern(pattern), schema: property as SchemaNode })
  }
  const rest = node['additionalProperties'] ?? node['unevaluatedProperties']
  if (rest !== undefined && rest !== false) view.rest ??= rest as SchemaNode
  if (always && Array.isArray(node['required']))
    for (const name of node['required']) view.required.add(String(name))
}

/** The types that a schema names or, where it names none, implies. */
function typesOf(node: Rec): string[] {
  const { type } = node
  if (type !== undefined) {
    const types = [type].flat().map(String)
    return node['nullable'] === true ? [...types, 'null'] : types
  }
  if (node['properties'] !== undefined || node['additionalProperties'] !== undefined) return ['object']
  if (node['items'] !== undefined || node['prefixItems'] !== undefined) return ['array']
  const values = Array.isArray(node['enum'])
    ? node['enum']
    : Object.hasOwn(node, 'const')
      ? [node['const']]
      : []
  return values.map((value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value))
}

function compileView(view: View, compile: (nodes: readonly SchemaNode[]) => Coerce, isRoot: boolean): Coerce {
  const coerceMembers = compileObject(view, compile, isRoot)
  const coerceItems = compileItems(view, compile)
  return (value, at, notes) => {
    const converted = convertScalar(value, view, at, notes)
    if (Array.isArray(converted)) return coerceItems(converted, at, notes)
    return isObject(converted) ? coerceMembers(converted, at, notes) : converted
  }
}

function compileItems(view: View, compile: (nodes: readonly SchemaNode[]) => Coerce) {
  const prefix = view.prefixItems.map((schema) => compile([schema]))
  const rest = view.items === undefined ? undefined : compile([view.items])
  return (items: unknown[], at: string, notes: CoercionNotes): unknown[] =>
    items.map((item, index) => {
      const coerce = prefix[index] ?? rest
      return coerce ? coerce(item, `${at}/${index}`, notes) : item
    })
}

interface Property {
  name: string
  /** Its pointer below that of the object. */
  suffix: string
  coerce: Coerce
  required: boolean
  takesText: boolean
  takesNull: boolean
  hasDefault: boolean
  default: unknown
}

function compileObject(view: View, compile: (nodes: readonly SchemaNode[]) => Coerce, isRoot: boolean) {
  const properties = [...view.properties].map(([name, schemas]): Property => {
    const types = new Set(schemas.filter(isObject).flatMap(typesOf))
    return {
      name,
      suffix: under('', name),
      coerce: compile(schemas),
      required: view.required.has(name),
      takesText: types.size === 0 || types.has('string'),
      takesNull: types.size === 0 || types.has('null'),
      hasDefault: view.defaults.has(name),
      default: view.defaults.get(name),
    }
  })
  const patterns = view.patterns.map(({ pattern, schema }) => ({ pattern, coerce: compile([schema]) }))
  const declaresNothing = !isRoot && properties.length === 0 && patterns.length === 0
  const rest = view.rest !== undefined ? compile([view.rest]) : declaresNothing ? keep : undefined
  const coerceUndeclared = (name: string): Coerce | undefined =>
    patterns.find(({ pattern }) => pattern.test(name))?.coerce ?? rest
  return (value: Rec, at: string, notes: CoercionNotes): Rec => {
    const result: Rec = {}
    for (const property of properties) {
      const pointer = at + property.suffix
      const given = givenValue(
        property,
        Object.hasOwn(value, property.name) ? value[property.name] : undefined,
      )
      if (given === undefined) continue
      if (isBlank(given, property)) notes.blank.add(pointer)
      setOwn(result, property.name, property.coerce(given, pointer, notes))
    }
    if (rest === undefined && patterns.length === 0) return result
    for (const [name, member] of Object.entries(value)) {
      if (view.properties.has(name)) continue
      const coerce = coerceUndeclared(name)
      if (coerce) setOwn(result, name, coerce(member, under(at, name), notes))
    }
    return result
  }
}

const keep: Coerce = (value) => value

/** What counts as given: an optional field that was left empty does not, and a default takes its place. */
function givenValue(property: Property, value: unknown): unknown {
  const isAbsent =
    value === undefined ||
    (value === null && !property.takesNull) ||
    (!property.required && (value === '' || isBlank(value, property)))
  if (!isAbsent) return value
  return property.hasDefault ? structuredClone(property.default) : undefined
}

function isBlank(value: unknown, property: Property): boolean {
  return typeof value === 'string' && !property.takesText && value.trim() === ''
}
