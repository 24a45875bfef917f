/** Master keys as text: 32 bytes in base64 each, separated by white space or commas. */

export const MASTER_KEY_BYTES = 32
/** 32 bytes in base64, padded. */
const BASE64_KEY = /^[A-Za-z0-9+/]{43}=$/

export const HOW_TO_MAKE_ONE = 'Make one with `openssl rand -base64 32`.'

/** A master key is missing, unusable or another than the data's. `message` says what to do; trying again does not help. */
export class MasterKeyError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'MasterKeyError'
  }
}

/**
 * @param source where the text is from, for errors
 * @returns 32 bytes each, at least one, no two alike
 * @throws MasterKeyError, which never repeats the text
 */
export function decodeKeys(text: string, source: string): Uint8Array[] {
  const words = text.split(/[\s,]+/).filter(Boolean)
  const seen = new Set<string>()
  for (const [index, word] of words.entries()) {
    const name =
      words.length === 1
        ? `The master key of ${source}`
        : `The master key ${index + 1} of ${words.length} of ${source}`
    const problem = problemOf(word)
    if (problem) {
      throw new MasterKeyError(
        `${name} ${problem}; it must be ${MASTER_KEY_BYTES} bytes in base64 (44 characters). ${HOW_TO_MAKE_ONE}`,
      )
    }
    if (seen.has(word)) {
      throw new MasterKeyError(
        `${name} stands there twice. A rotation needs the new key in front of the old one: look whether the new one was copied.`,
      )
    }
    seen.add(word)
  }
  if (words.length === 0) {
    throw new MasterKeyError(
      `The master key of ${source} is empty; it must be ${MASTER_KEY_BYTES} bytes in base64 (44 characters). ${HOW_TO_MAKE_ONE}`,
    )
  }
  return words.map((word) => new Uint8Array(Buffer.from(word, 'base64')))
}

function problemOf(word: string): string | undefined {
  if (BASE64_KEY.test(word)) return undefined
  return /^[A-Za-z0-9+/_-]+=*$/.test(word)
    ? `holds ${Buffer.from(word, 'base64').length} bytes`
    : 'is not base64'
}
