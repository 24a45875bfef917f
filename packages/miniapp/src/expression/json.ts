/**
 * Digits that a number needs before it can lie beyond 2^53 (9 007 199 254 740 992 has sixteen). A text without such
 * a run is parsed plainly: the check is one pass over the text, the lossless parse costs several times as much.
 */
const SIXTEEN_DIGITS = /\d{16}/

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * Parses JSON without losing digits: a number beyond ±(2^53 − 1) that is written with sixteen digits or more in a row
 * becomes a string of exactly its text (specification 2.4: such numbers keep their digits, in results they are strings).
 *
 * @throws SyntaxError where the text is not JSON or nested too deeply to be read losslessly.
 */
export function parseJson(text: string): unknown {
  if (!SIXTEEN_DIGITS.test(text)) return JSON.parse(text)
  try {
    return (JSON.parse as ParseWithSource)(text, keepDigits)
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause
    throw new SyntaxError('the JSON text is nested too deeply', { cause })
  }
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
