import type { MappingNote } from '../expression/mapping.ts'
import { isObject, type Rec, readOwn, setOwn, typeName } from '../expression/own.ts'
import { compilePath } from '../expression/path.ts'
import { Refusal } from '../expression/transform.ts'
import { under } from '../schema/pointer.ts'
import { ESSENTIAL_KINDS, readField } from './read-field.ts'
import { type FieldKind, GENERIC_FIELDS, ITEM_FIELDS, RECORD_FIELDS } from './record-fields.ts'

export interface ReadRecord {
  /** The fields that this content type knows, in the form in which they are stored; `null` clears one. */
  data: Rec
  /** Mapped keys that are no known fields. */
  extra: Rec
  /** Fields that make the record wrong: it is not stored. */
  errors: MappingNote[]
  /** Fields that are left out. */
  notes: MappingNote[]
}

/** Lines of one order: more would not be an order, and a record must stay one row. */
export const MAX_ITEMS = 10_000

/**
 * Reads what a mapping gave as a record of its content type (specification 6.6). The mapped object itself stays as it is.
 *
 * @param pointer of the mapping, for errors
 */
export function readRecord(contentType: string, mapped: Rec, pointer: string): ReadRecord {
  const isKnownType = Object.hasOwn(RECORD_FIELDS, contentType)
  const fields: Readonly<Record<string, FieldKind>> = isKnownType
    ? RECORD_FIELDS[contentType as keyof typeof RECORD_FIELDS]
    : GENERIC_FIELDS
  const result: ReadRecord = { data: {}, extra: {}, errors: [], notes: [] }
  for (const [name, value] of Object.entries(mapped)) {
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (kind === 'items') readItems(result, value, under(pointer, name))
    else if (kind !== undefined)
      put(result, result.data, { name, field: name, kind, value, pointer: under(pointer, name) })
    else setOwn(isKnownType ? result.extra : result.data, name, value)
  }
  return result
}

interface FieldValue {
  name: string
  /** As a message names it: inside a line item with its place. */
  field: string
  kind: Exclude<FieldKind, 'items'>
  value: unknown
  pointer: string
}

function put(result: ReadRecord, target: Rec, { name, field, kind, value, pointer }: FieldValue): void {
  const read = readField(kind, value)
  if (read instanceof Refusal) {
    const isError = ESSENTIAL_KINDS.has(kind)
    note(isError ? result.errors : result.notes, { field, pointer, refusal: read, value })
  } else if (read !== undefined) setOwn(target, name, read)
}

function note(
  notes: MappingNote[],
  { field, pointer, refusal, value }: { field: string; pointer: string; refusal: Refusal; value: unknown },
): void {
  notes.push({
    field,
    pointer,
    message: `"${field}" is left out: it takes ${refusal.expected}, not ${typeName(value)}`,
  })
}

function readItems(result: ReadRecord, value: unknown, pointer: string): void {
  const field = 'items'
  if (value === null) setOwn(result.data, field, null)
  else if (!Array.isArray(value) || value.length > MAX_ITEMS) {
    const refusal = new Refusal(`an array of at most ${MAX_ITEMS} line items`)
    note(result.errors, { field, pointer, refusal, value })
  } else {
    const items = value.map((item, index) => readItem(result, item, { field: `items[${index}]`, pointer }))
    setOwn(
      result.data,
      field,
      items.filter((item) => item !== undefined),
    )
  }
}

const ITEM_READERS = Object.entries(ITEM_FIELDS).map(([name, { kind, from }]) => ({
  name,
  kind,
  places: [name, ...from].map((source) => ({ source, path: compilePath(source) })),
}))

/** A field that the mapping did not make is looked for where providers have it; what is left goes to `extra`. */
function readItem(
  result: ReadRecord,
  item: unknown,
  { field, pointer }: { field: string; pointer: string },
): Rec | undefined {
  if (!isObject(item)) {
    note(result.errors, { field, pointer, refusal: new Refusal('an object'), value: item })
    return undefined
  }
  const read: Rec = {}
  const used = new Set<string>()
  for (const { name, kind, places } of ITEM_READERS) {
    const place = places.find(({ path }) => isFilled(path.read(item), kind))
    if (place === undefined) continue
    used.add(place.source)
    const value = place.path.read(item)
    put(result, read, { name, field: `${field}.${name}`, kind, value, pointer })
  }
  const rest = Object.entries(item).filter(([key, value]) => !used.has(key) && !isEmptyKnown(key, value))
  const given = readOwn(item, 'extra')
  const extra = {
    ...(isObject(given) ? given : {}),
    ...Object.fromEntries(rest.filter(([key]) => key !== 'extra' || !isObject(given))),
  }
  return Object.keys(extra).length === 0 ? read : { ...read, extra }
}

function isFilled(value: unknown, kind: FieldKind): boolean {
  if (value === undefined || value === null || value === '') return false
  return kind === 'any' || typeof value !== 'object'
}

function isEmptyKnown(key: string, value: unknown): boolean {
  return Object.hasOwn(ITEM_FIELDS, key) && (value === null || value === '')
}
