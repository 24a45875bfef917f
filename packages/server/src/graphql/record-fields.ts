/** Fields of mapped records: whatever an app said, answered as the published types want it. */
import type { ListedRecord } from '../record/list.ts'

/** Numbers are answered as their text. */
export function textField({ data }: ListedRecord, field: string): string | null {
  const value = data[field]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? value : null
}

/** 10b's `Float` fields: money is kept in its exact text and answered as the nearest number (specification 6.6). */
export function numberField({ data }: ListedRecord, field: string): number | null {
  const value = data[field]
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}

/** A moment that a provider named; null where it cannot be read. */
export function timeField({ data }: ListedRecord, field: string): Date | null {
  const value = data[field]
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? null : new Date(ms)
}

/** What is no text is left out. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
}
