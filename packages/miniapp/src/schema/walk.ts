import type { z } from 'zod'
import { chosenBranch, isBranch, isRecord } from './branch.ts'

/** Reading a zod schema and a document side by side: what the schema says about the value at a place. */

interface AnyDef {
  type: string
  innerType?: z.core.$ZodType
  getter?: () => z.core.$ZodType
  shape?: Record<string, z.core.$ZodType>
  catchall?: z.core.$ZodType
  valueType?: z.core.$ZodType
  element?: z.core.$ZodType
}

const WRAPPERS = new Set(['optional', 'nullable', 'nonoptional', 'default', 'readonly'])

const definitionOf = (schema: z.core.$ZodType): AnyDef => schema._zod.def as unknown as AnyDef

/** The schema that judges `value`: without wrappers, and the chosen form where there are several. */
export function effectiveSchema(schema: z.core.$ZodType, value: unknown): z.core.$ZodType | undefined {
  const def = definitionOf(schema)
  if (WRAPPERS.has(def.type) && def.innerType) return effectiveSchema(def.innerType, value)
  if (def.type === 'lazy' && def.getter) return effectiveSchema(def.getter(), value)
  if (isBranch(schema)) {
    const chosen = chosenBranch(schema, value)
    return chosen && effectiveSchema(chosen, value)
  }
  return schema
}

/** The properties that an object schema knows; `closed` where no others are allowed. */
export function knownProperties(schema: z.core.$ZodType): { names: string[]; closed: boolean } | undefined {
  const def = definitionOf(schema)
  if (def.type !== 'object' || !def.shape) return undefined
  return {
    names: Object.keys(def.shape),
    closed: def.catchall !== undefined && definitionOf(def.catchall).type === 'never',
  }
}

/** What the schema (already effective) says about a child, or `undefined` where it says nothing. */
export function childSchema(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  const def = definitionOf(schema)
  if (def.shape) return typeof key === 'string' && Object.hasOwn(def.shape, key) ? def.shape[key] : undefined
  return def.valueType ?? def.element
}

/** The schema of every element of a list, or of every member of a record, where the schema (already effective) is one. */
export function elementSchema(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const { valueType, element } = definitionOf(schema)
  return valueType ?? element
}

/** Whether the schema (already effective) is about lists, where `value` is one, or about objects, where it is one. */
export function fitsKind(schema: z.core.$ZodType, value: object): boolean {
  const { element, shape, valueType } = definitionOf(schema)
  return Array.isArray(value) ? element !== undefined : shape !== undefined || valueType !== undefined
}

/** The schema at a path of the document, wrappers kept, so that its description can be read. */
export function schemaAt(
  root: z.core.$ZodType,
  document: unknown,
  path: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = root
  let value = document
  for (const key of path) {
    const effective: z.core.$ZodType | undefined = schema && effectiveSchema(schema, value)
    schema = effective && childSchema(effective, key)
    value = childValue(value, key)
  }
  return schema
}

/** The own property or element at `key`; anything else is `undefined`. */
export function childValue(value: unknown, key: PropertyKey): unknown {
  if (Array.isArray(value)) return value[Number(key)]
  return isRecord(value) && typeof key === 'string' && Object.hasOwn(value, key) ? value[key] : undefined
}

export function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(childValue, document)
}
