/** Proof Key for Code Exchange, method S256 (RFC 7636, 4.1 and 4.2). */
import { createHash, randomBytes } from 'node:crypto'

/** RFC 7636, 7.1: 256 bits, which are 43 characters, the fewest that are allowed. */
const VERIFIER_BYTES = 32

export function makeCodeVerifier(): string {
  return randomBytes(VERIFIER_BYTES).toString('base64url')
}

export function codeChallengeOf(verifier: string): string {
  return createHash('sha256').update(verifier, 'ascii').digest('base64url')
}
