/** CSV (RFC 4180) that spreadsheets open without running what a stranger wrote. */

/** Excel takes a file without it for one in the system's own encoding. */
export const BYTE_ORDER_MARK = '\uFEFF'
const LINE_END = '\r\n'

/** How a cell begins that a spreadsheet takes for a formula (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/
/** Phone numbers and negative amounts compute nothing. */
const PLAIN_NUMBER = /^[+-]?\d+(?:\.\d+)?$/

export function csvLine(values: readonly unknown[]): string {
  return values.map(cell).join(',') + LINE_END
}

function cell(value: unknown): string {
  const text = textOf(value)
  const safe = FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
