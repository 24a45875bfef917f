import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { DefinitionError } from '../expression/definition-error.ts'
import { joinBytes } from '../request/join-bytes.ts'
import { under } from '../schema/pointer.ts'
import { type ByteEncoding, decodeBytes } from './decode-bytes.ts'
import { malformed, timestampMissing } from './hmac-scheme.ts'
import { compileHeader } from './read-header.ts'
import type { Scheme, Verification } from './scheme.ts'
import { compileSignedPayload, headerMissing, isRefused } from './signed-payload.ts'
import { DEFAULT_TOLERANCE_SECONDS, epochSeconds, refuseTime } from './signing-time.ts'
import { refused } from './verdict.ts'

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** A key in the form of RFC 8410 ends in the key itself. */
const SPKI_BYTES = 44

/**
 * RFC 8032, as Discord and others sign. The time of signing is read from `timestampHeader`.
 *
 * @throws DefinitionError where the public key is none, or `signedPayload` names something that is no part of a delivery
 */
export function compileEd25519(verification: Verification, pointer: string): Scheme {
  const { headerName = '', encoding = 'hex', prefix = '', timestampHeader, idHeader } = verification
  const { toleranceSeconds = DEFAULT_TOLERANCE_SECONDS, ed25519 } = verification
  const key = publicKey(ed25519?.publicKey ?? '', under(pointer, 'ed25519', 'publicKey'))
  const payload = compileSignedPayload(ed25519?.signedPayload ?? verification.signedPayload, {
    pointer: under(pointer, 'ed25519', 'signedPayload'),
    idHeader,
  })
  if (payload.namesTimestamp && timestampHeader === undefined)
    throw new DefinitionError(pointer, '{timestamp} needs a "timestampHeader" that says where it is')
  const readHeader = compileHeader(headerName)
  const readTime = timestampHeader === undefined ? () => '' : compileHeader(timestampHeader)
  return {
    header: headerName.toLowerCase(),
    secretKeys: [],
    verify: (delivery) => {
      const header = readHeader(delivery.headers)
      if (header === undefined) return headerMissing(headerName)
      const timestamp = readTime(delivery.headers)
      if (timestamp === undefined) return timestampMissing(`the header \`${timestampHeader}\``)
      const signature = signatureOf(header, { prefix, encoding })
      if (signature === undefined) return malformed(headerName, `one signature of Ed25519 in ${encoding}`)
      const late =
        timestamp === '' ? undefined : refuseTime(timestamp, { now: delivery.now, toleranceSeconds })
      if (late) return late
      const pieces = payload.piecesOf(delivery, timestamp)
      if (isRefused(pieces)) return pieces
      if (verify(null, joinBytes(pieces), key, signature)) return { ok: true }
      return refused(
        'signature-differs',
        `The signature in \`${headerName}\` is not one of the \`publicKey\` of the definition: the key is another, or what is signed is.`,
      )
    },
    sign: (delivery, _secrets, { privateKey }) => {
      if (privateKey === undefined)
        throw new Error('signing with Ed25519 needs the private key of the provider')
      const timestamp = epochSeconds(delivery.now)
      const added: Record<string, string> = {
        ...(idHeader !== undefined && { [idHeader]: delivery.id }),
        ...(timestampHeader !== undefined && { [timestampHeader]: timestamp }),
      }
      const pieces = payload.piecesOf({ ...delivery, headers: { ...delivery.headers, ...added } }, timestamp)
      if (isRefused(pieces)) throw new Error(pieces.reason)
      const signature = sign(null, joinBytes(pieces), createPrivateKey(privateKey))
      return { url: delivery.url, headers: { ...added, [headerName]: prefix + signature.toString(encoding) } }
    },
  }
}

function signatureOf(
  header: string,
  { prefix, encoding }: { prefix: string; encoding: ByteEncoding },
): Uint8Array | undefined {
  if (!header.startsWith(prefix)) return undefined
  const bytes = decodeBytes(header.slice(prefix.length), encoding)
  return bytes?.length === SIGNATURE_BYTES ? bytes : undefined
}

function publicKey(text: string, pointer: string): KeyObject {
  const bytes = decodeBytes(text, 'hex') ?? decodeBytes(text, 'base64')
  const raw = bytes?.length === SPKI_BYTES ? bytes.subarray(-KEY_BYTES) : bytes
  if (raw?.length !== KEY_BYTES)
    throw new DefinitionError(pointer, `a public key of Ed25519 has ${KEY_BYTES} bytes, as hex or base64`)
  const x = btoa(String.fromCharCode(...raw))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}
