import { isObject, type Rec } from '../expression/own.ts'
import {
  resolveReference,
  SCHEMA_LISTS,
  SCHEMAS_BY_NAME,
  SINGLE_SCHEMAS,
  toDraft2020,
} from '../input-schema.ts'
import { canonicalText } from './same.ts'

/** A JSON Schema in one form: equal exactly where two schemas evidently take the same values. */
export type PlainSchema = Rec

/** References that are followed in one form: schemas can refer to each other so often that no machine could write them out. */
const MAX_REFERENCES = 2_000

/** Keywords that constrain nothing at these values. */
const IDLE: Readonly<Record<string, readonly unknown[]>> = {
  minLength: [0],
  minItems: [0],
  minProperties: [0],
  uniqueItems: [false],
  required: [[]],
  properties: [{}],
  additionalProperties: [false],
  items: [{}, true],
  deprecated: [false],
  readOnly: [false],
  writeOnly: [false],
}

const IGNORED = new Set(['$schema', '$id', '$anchor', '$comment', '$defs', 'definitions', '$vocabulary'])

/**
 * One form of a schema: the vocabulary of 2020-12, references followed, one-element `type` lists and `const` written
 * plainly, what constrains nothing left out, lists whose order means nothing sorted. A schema that refers to itself keeps
 * those references, and what they name as `$defs`.
 */
export function canonicalSchema(schema: Rec): PlainSchema {
  const root = toDraft2020(schema)
  const references = { followed: 0, kept: false }
  const plain = canonicalNode(root, { root, inside: [], references })
  return references.kept ? { ...plain, $defs: [root['$defs'], root['definitions']] } : plain
}

interface Walk {
  root: Rec
  /** References that led here. */
  inside: readonly string[]
  references: { followed: number; kept: boolean }
}

function canonicalNode(node: unknown, walk: Walk): PlainSchema {
  if (node === true) return {}
  if (!isObject(node)) return { not: {} }
  const { $ref, ...own } = node
  if (typeof $ref === 'string') {
    const target = followed($ref, walk)
    const merged = { ...(isObject(target) ? target : { allOf: [target] }), ...own }
    if (target !== undefined) return canonicalNode(merged, { ...walk, inside: [...walk.inside, $ref] })
  }
  const result: Rec = {}
  for (const [name, value] of Object.entries(node)) {
    if (!IGNORED.has(name)) result[name] = canonicalKeyword(name, value, walk)
  }
  return withoutIdle(withPlainTypes(result))
}

/** What a reference names; `undefined` where it stays a reference. */
function followed(reference: string, { root, inside, references }: Walk) {
  const target = resolveReference(root, reference)
  references.kept ||=
    target !== undefined && (inside.includes(reference) || references.followed >= MAX_REFERENCES)
  if (inside.includes(reference) || references.followed >= MAX_REFERENCES) return undefined
  references.followed += 1
  return target
}

function canonicalKeyword(name: string, value: unknown, walk: Walk): unknown {
  if (SCHEMAS_BY_NAME.includes(name) && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, canonicalNode(member, walk)]),
    )
  }
  if (SCHEMA_LISTS.includes(name) && Array.isArray(value))
    return value.map((item) => canonicalNode(item, walk))
  const isFalse = name === 'additionalProperties' && value === false
  if (SINGLE_SCHEMAS.includes(name) && !isFalse) return canonicalNode(value, walk)
  if (name === 'required' && Array.isArray(value)) return [...new Set(value.map(String))].sort()
  return value
}

function withPlainTypes({ const: constant, ...schema }: Rec): Rec {
  const result: Rec = { ...schema }
  if (constant !== undefined) result['enum'] = [constant]
  const types = [schema['type'] ?? impliedTypes(result)].flat().map(String)
  const [only] = types
  delete result['type']
  if (types.length > 0) result['type'] = types.length === 1 ? only : [...new Set(types)].sort()
  return result
}

/** The types that a schema without `type` says all the same. */
function impliedTypes(schema: Rec): string[] {
  if (Array.isArray(schema['enum'])) return [...new Set(schema['enum'].map(typeName))]
  if (schema['properties'] !== undefined) return ['object']
  if (schema['items'] !== undefined || schema['prefixItems'] !== undefined) return ['array']
  return []
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function withoutIdle(schema: Rec): Rec {
  const isOpen = schema['properties'] === undefined
  const entries = Object.entries(schema).filter(([name, value]) => {
    if (value === undefined) return false
    if (name === 'additionalProperties' && isOpen)
      return value !== true && canonicalText(value) !== '{"pairs":[]}'
    return !IDLE[name]?.some((idle) => canonicalText(idle) === canonicalText(value))
  })
  return Object.fromEntries(entries)
}
