/** How a signature is written as text (specification 5.2). */
export type ByteEncoding = 'hex' | 'base64' | 'base64url'

const HEX = /^[0-9a-f]+$/i
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/

/** Either alphabet of base64 is read, its padding is optional. `undefined` where the text is not of the encoding, or empty. */
export function decodeBytes(text: string, encoding: ByteEncoding): Uint8Array | undefined {
  if (encoding === 'hex') return text.length % 2 === 0 && HEX.test(text) ? fromHex(text) : undefined
  return BASE64.test(text) ? fromBase64(text) : undefined
}

function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = (nibble(text.charCodeAt(2 * index)) << 4) | nibble(text.charCodeAt(2 * index + 1))
  }
  return bytes
}

/** Of a hexadecimal digit in either case: letters have bit 6, and count from 1 in their low bits. */
function nibble(code: number): number {
  return code & 0x40 ? (code & 0xf) + 9 : code & 0xf
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    const plain = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
    return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
