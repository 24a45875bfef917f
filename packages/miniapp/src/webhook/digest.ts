import { createHmac, hash, timingSafeEqual } from 'node:crypto'

export type HmacAlgorithm = 'sha1' | 'sha256' | 'sha512'

/** Text stands for its UTF-8 bytes. */
export type Piece = string | Uint8Array

/** Bytes of an HMAC. */
export const DIGEST_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const satisfies Record<
  HmacAlgorithm,
  number
>

export function hmac(algorithm: HmacAlgorithm, key: Piece, pieces: readonly Piece[]): Uint8Array {
  return keyed(algorithm, key, pieces).digest()
}

export function hmacText(
  algorithm: HmacAlgorithm,
  key: Piece,
  signed: { pieces: readonly Piece[]; encoding: 'hex' | 'base64' | 'base64url' },
): string {
  return keyed(algorithm, key, signed.pieces).digest(signed.encoding)
}

function keyed(algorithm: HmacAlgorithm, key: Piece, pieces: readonly Piece[]) {
  const digest = createHmac(algorithm, key)
  for (const piece of pieces) digest.update(piece)
  return digest
}

export function sha256Hex(content: Piece): string {
  return hash('sha256', content, 'hex')
}

/**
 * Whether two secrets or signatures are the same. Takes as long for any two values of the same lengths: what is compared
 * are their SHA-256 digests, and two signatures of one length as they are, because that length is no secret. Nothing else
 * in the package may compare them.
 */
export function isSame(left: Piece, right: Piece): boolean {
  if (typeof left !== 'string' && typeof right !== 'string' && left.length === right.length)
    return timingSafeEqual(left, right)
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'))
}
