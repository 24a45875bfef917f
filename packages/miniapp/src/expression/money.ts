/** Decimals that may be asked for: no currency has more than four, eighteen covers token amounts. */
export const MAX_SCALE = 18

const INTEGER = /^-?\d+$/

/**
 * Minor units as an exact decimal text with always `scale` decimals: 1900 → `"19.00"`, `"-5"` → `"-0.05"`. Takes an integer
 * or a text of digits, of any size; `undefined` for anything else.
 */
export function minorToMajor(value: unknown, scale: number): string | undefined {
  const units = integerOf(value)
  if (units === undefined) return undefined
  const sign = units < 0n ? '-' : ''
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  return typeof value === 'string' && INTEGER.test(value) ? BigInt(value) : undefined
}

/** Characters of an amount: no currency comes near, and a column of exact numbers holds it. */
export const MAX_DECIMAL_CHARACTERS = 100

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * A number, or text of that form, as exact decimal text: 12.5 → `"12.5"`, `"12.50"` → `"12.50"`, 1e-7 → `"0.0000001"`.
 * `undefined` for anything else.
 */
export function decimalText(value: unknown): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const [found, sign, whole = '', fraction = '', exponent] = DECIMAL.exec(String(value).trim()) ?? []
  if (found === undefined || found.length > MAX_DECIMAL_CHARACTERS) return undefined
  const text =
    exponent === undefined ? found.replace(/^[+-]/, '') : shifted(whole, fraction, Number(exponent))
  return text.length > MAX_DECIMAL_CHARACTERS ? undefined : (sign === '-' ? '-' : '') + text
}

function shifted(whole: string, fraction: string, exponent: number): string {
  const point = whole.length + exponent
  const digits = whole + fraction
  const padded = point > 0 ? digits.padEnd(point, '0') : '0'.repeat(1 - point) + digits
  const at = Math.max(point, 1)
  const [integer, rest] = [padded.slice(0, at).replace(/^0+(?=\d)/, ''), padded.slice(at)]
  return rest === '' ? integer : `${integer}.${rest}`
}
