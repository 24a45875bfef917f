import { under } from '../schema/pointer.ts'

/** A text of the document with the name it stands under. */
export interface FoundText {
  pointer: string
  /** Of the nearest property; the elements of a list have the name of the list. */
  name: string
  text: string
}

/** Every text in a JSON value. */
export function textsOf(value: unknown, pointer: string, name = ''): FoundText[] {
  if (typeof value === 'string') return [{ pointer, name, text: value }]
  if (Array.isArray(value)) return value.flatMap((item, index) => textsOf(item, under(pointer, index), name))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => textsOf(child, under(pointer, key), key))
}
