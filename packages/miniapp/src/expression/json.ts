/**
 * Digits that a number needs before it can lie beyond 2^53 (9 007 199 254 740 992 has sixteen). A text without such
 * a run is parsed plainly: the lossless parse costs several times as much.
 */
const MANY_DIGITS = 16
const SIXTEEN_DIGITS = /\d{16}/

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * Parses JSON without losing digits: a number beyond ±(2^53 − 1) that is written with sixteen digits or more in a row
 * becomes a string of exactly its text (specification 2.4: such numbers keep their digits, in results they are strings).
 *
 * @throws SyntaxError where the text is not JSON or nested too deeply to be read losslessly.
 */
export function parseJson(text: string): unknown {
  if (!holdsManyDigits(text)) return JSON.parse(text)
  try {
    return (JSON.parse as ParseWithSource)(text, keepDigits)
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause
    throw new SyntaxError('the JSON text is nested too deeply', { cause })
  }
}

/** Whether there is a run of sixteen digits: each covers one character in sixteen, so no other is looked at first. */
function holdsManyDigits(text: string): boolean {
  for (let at = MANY_DIGITS - 1; at < text.length; at += MANY_DIGITS) {
    if (!isDigit(text, at)) continue
    let from = at
    while (isDigit(text, from - 1)) from--
    let to = at + 1
    while (to - from < MANY_DIGITS && isDigit(text, to)) to++
    if (to - from >= MANY_DIGITS) return true
  }
  return false
}

const ZERO = 48
const NINE = 57

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= ZERO && code <= NINE
}

/** `JSON.parse` with the source text of primitives (ECMAScript 2026, in Node since 21). */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return isBeyondExact(value, context.source ?? '') ? context.source : value
}

function isBeyondExact(value: number, digits: string): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && SIXTEEN_DIGITS.test(digits)
}

/**
 * Reads a string of exactly the form of a JSON number. A value that a number cannot hold exactly stays the string,
 * as in {@link parseJson}; `undefined` where the text is no JSON number or not finite.
 */
export function numberFromText(text: string): number | string | undefined {
  if (!JSON_NUMBER.test(text)) return undefined
  const value = Number(text)
  if (isBeyondExact(value, text)) return text
  return Number.isFinite(value) ? value : undefined
}
