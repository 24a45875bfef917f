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
