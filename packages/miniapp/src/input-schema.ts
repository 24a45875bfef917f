import { isObject, type Rec } from './expression/own.ts'

/** A JSON Schema node: an object of keywords, or a boolean. */
export type SchemaNode = Rec | boolean

/** Keywords that hold schemas: by name, in a list, or one. */
export const SCHEMAS_BY_NAME = [
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]
export const SCHEMA_LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems']
export const SINGLE_SCHEMAS = [
  'items',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'additionalProperties',
  'unevaluatedItems',
  'unevaluatedProperties',
]

/**
 * The same schema in the vocabulary of 2020-12: the list form of `items` with `additionalItems` (draft-07) becomes
 * `prefixItems` with `items`. `$schema` and the root's `$id` go: references are local.
 */
export function toDraft2020(schema: Rec): Rec {
  const { $schema: _schema, $id: _id, ...rest } = schema
  return convert(rest) as Rec
}

function convert(node: unknown): unknown {
  if (!isObject(node)) return node
  const result: Rec = { ...node }
  if (Array.isArray(node['items'])) {
    const { items, additionalItems } = node
    result['prefixItems'] = items
    delete result['items']
    if (additionalItems !== undefined) result['items'] = additionalItems
  }
  delete result['additionalItems']
  for (const name of SINGLE_SCHEMAS) if (result[name] !== undefined) result[name] = convert(result[name])
  for (const name of SCHEMA_LISTS) {
    const list = result[name]
    if (Array.isArray(list)) result[name] = list.map(convert)
  }
  for (const name of SCHEMAS_BY_NAME) {
    const members = result[name]
    if (isObject(members)) {
      result[name] = Object.fromEntries(
        Object.entries(members).map(([key, member]) => [key, convert(member)]),
      )
    }
  }
  return result
}

/** The node that a local reference (`#/definitions/address`, `#`) names; `undefined` where it names none. */
export function resolveReference(root: Rec, reference: string): SchemaNode | undefined {
  if (!reference.startsWith('#')) return undefined
  let node: unknown = root
  for (const segment of reference.slice(1).split('/').slice(1)) {
    const name = decodePointer(segment)
    if (Array.isArray(node)) node = node[Number(name)]
    else node = isObject(node) && Object.hasOwn(node, name) ? node[name] : undefined
  }
  return isObject(node) || typeof node === 'boolean' ? node : undefined
}

function decodePointer(segment: string): string {
  let name = segment
  try {
    name = decodeURIComponent(segment)
  } catch {
    // A lone "%" in a name is no encoding.
  }
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}
