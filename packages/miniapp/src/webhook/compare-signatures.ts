import { isSame, type Piece } from './digest.ts'
import { type FoundSecret, findSecret, type SecretBags, secretNotFound } from './find-secret.ts'
import { type Refused, refused, type Verdict } from './verdict.ts'

/**
 * Whether one of the signatures that came is the one that a candidate of the secret makes. All are compared, whichever
 * fits.
 *
 * @param sign gives nothing where the secret is not of the form that the scheme needs
 */
export function compareSignatures(
  { secrets, key }: { secrets: SecretBags; key: string },
  given: readonly Uint8Array[],
  sign: (secret: string) => Piece | undefined,
  words: { signature: string; header: string; bytes?: number },
): Verdict {
  const found = findSecret(secrets, key)
  if (found === undefined) return secretNotFound(key)
  let verdict: Verdict | undefined
  let usable = false
  for (const { value, origin } of found.candidates) {
    const expected = sign(value)
    if (expected === undefined) continue
    usable = true
    for (const signature of given) {
      if (isSame(expected, signature)) verdict ??= { ok: true, secret: origin }
    }
  }
  if (!usable) return secretUnusable(found)
  return verdict ?? signatureDiffers(found, given, words)
}

export function secretUnusable(found: FoundSecret): Refused {
  return refused(
    'secret-unusable',
    `What is stored as ${found.words()} is no secret of this scheme; copy it again.`,
  )
}

function signatureDiffers(
  found: FoundSecret,
  given: readonly Uint8Array[],
  { signature, header, bytes }: { signature: string; header: string; bytes?: number },
): Refused {
  const other = given.find(({ length }) => bytes !== undefined && length !== bytes)
  if (other !== undefined) {
    return refused(
      'signature-malformed',
      `The signature in \`${header}\` has ${other.length} bytes and ${signature} has ${bytes}; check \`type\` and \`encoding\`.`,
    )
  }
  return refused(
    'signature-differs',
    `The signature in \`${header}\` is not ${signature} with ${found.words()}: the secret is another, or what is signed is.`,
  )
}
