import { under } from '../schema/pointer.ts'
import { compareSignatures } from './compare-signatures.ts'
import { type ByteEncoding, decodeBytes } from './decode-bytes.ts'
import { DIGEST_BYTES, type HmacAlgorithm, hmac, hmacText, type Piece } from './digest.ts'
import { compileHeader } from './read-header.ts'
import { requiredSecret } from './required-secret.ts'
import type { Scheme, Signed, SignedDelivery, UnsignedDelivery } from './scheme.ts'
import { labelledValues } from './signature-list.ts'
import { compileSignedPayload, headerMissing, isRefused, type SignedPayload } from './signed-payload.ts'
import { epochSeconds, refuseTime } from './signing-time.ts'
import { type Refused, refused } from './verdict.ts'

export interface HmacSettings {
  algorithm: HmacAlgorithm
  headerName: string
  secretKey: string
  encoding: ByteEncoding
  timestampHeader: string | undefined
  toleranceSeconds: number
  signedPayload: string | undefined
  prefix: string | undefined
  idHeader: string | undefined
  /** JSON Pointer of the verification. */
  pointer: string
}

/** What many providers write before the signature, whether or not the definition says so. */
const ALGORITHM_LABEL = /^sha(?:1|256|512)=/i

/** GitHub's headers carry the label, and so does whoever copied them. */
const LABELLED_HEADER = /^x-hub-signature(?:-256)?$/i

/** @throws DefinitionError where `signedPayload` names something that is no part of a delivery */
export function compileHmac(settings: HmacSettings): Scheme {
  const { algorithm, headerName, secretKey, pointer, idHeader } = settings
  const payload = compileSignedPayload(settings.signedPayload, {
    pointer: under(pointer, 'signedPayload'),
    idHeader,
  })
  const readHeader = compileHeader(headerName)
  const readParts = compileParts(settings, payload)
  const words = {
    signature: `the HMAC-${algorithm.toUpperCase()} of ${settings.signedPayload === undefined ? 'the body' : '`signedPayload`'}`,
    header: headerName,
    bytes: DIGEST_BYTES[algorithm],
  }
  return {
    header: headerName.toLowerCase(),
    secretKeys: [secretKey],
    verify: (delivery, secrets) => {
      const header = readHeader(delivery.headers)
      if (header === undefined) return headerMissing(headerName)
      const parts = readParts(header, delivery)
      if ('ok' in parts) return parts
      const pieces = payload.piecesOf(delivery, parts.timestamp)
      if (isRefused(pieces)) return pieces
      const sign = (secret: string) => hmac(algorithm, secret, pieces)
      return compareSignatures({ secrets, key: secretKey }, [parts.signature], sign, words)
    },
    sign: (delivery, secrets) => signHmac(settings, payload, delivery, requiredSecret(secrets, secretKey)),
  }
}

interface SignatureParts {
  signature: Uint8Array
  /** As it came: that is what is signed. Empty where the scheme has none. */
  timestamp: string
}

type ReadParts = (header: string, delivery: SignedDelivery) => SignatureParts | Refused

function compileParts(settings: HmacSettings, { namesTimestamp }: SignedPayload): ReadParts {
  const { timestampHeader, toleranceSeconds } = settings
  const decode = (text: string) => decodeSignature(text, settings)
  if (timestampHeader === undefined && !namesTimestamp) {
    return (header) => {
      const signature = decode(header)
      return 'ok' in signature ? signature : { signature, timestamp: '' }
    }
  }
  const timed = (timestamp: string, text: string, { now }: SignedDelivery) => {
    const signature = decode(text)
    if ('ok' in signature) return signature
    return refuseTime(timestamp, { now, toleranceSeconds }) ?? { signature, timestamp }
  }
  if (timestampHeader === undefined) {
    return (header, delivery) => {
      const values = labelledValues(header)
      const [times = [], signatures = []] = [values.get('t'), values.get('v1')]
      if (times.length === 0) return timestampMissing(`\`t=…\` in \`${settings.headerName}\``)
      if (times.length !== 1 || signatures.length !== 1) {
        return malformed(settings.headerName, 'one time and one signature, `t=…,v1=…`')
      }
      return timed(times[0] ?? '', signatures[0] ?? '', delivery)
    }
  }
  const readTimestamp = compileHeader(timestampHeader)
  return (header, delivery) => {
    const timestamp = readTimestamp(delivery.headers)
    if (timestamp === undefined) return timestampMissing(`the header \`${timestampHeader}\``)
    return timed(timestamp, header, delivery)
  }
}

function decodeSignature(
  header: string,
  { headerName, prefix = '', encoding }: HmacSettings,
): Uint8Array | Refused {
  if (!header.startsWith(prefix))
    return malformed(headerName, 'the `prefix` of the definition before the signature')
  const text = prefix === '' ? header.replace(ALGORITHM_LABEL, '') : header.slice(prefix.length)
  return decodeBytes(text, encoding) ?? malformed(headerName, `exactly one signature in ${encoding}`)
}

export function timestampMissing(place: string): Refused {
  return refused('timestamp-missing', `The time of signing, ${place}, is not there.`)
}

export function malformed(header: string, expected: string): Refused {
  return refused('signature-malformed', `\`${header}\` does not hold ${expected}.`)
}

function signHmac(
  settings: HmacSettings,
  payload: SignedPayload,
  delivery: UnsignedDelivery,
  secret: string,
): Signed {
  const { algorithm, headerName, timestampHeader, idHeader, encoding } = settings
  const timestamp = epochSeconds(delivery.now)
  const headers: Record<string, string> = {
    ...(idHeader !== undefined && { [idHeader]: delivery.id }),
    ...(timestampHeader !== undefined && { [timestampHeader]: timestamp }),
  }
  const pieces = payload.piecesOf({ ...delivery, headers: { ...delivery.headers, ...headers } }, timestamp)
  if (isRefused(pieces)) throw new Error(pieces.reason)
  const text = hmacText(algorithm, secret, { pieces: pieces as readonly Piece[], encoding })
  const label = settings.prefix ?? (LABELLED_HEADER.test(headerName) ? `${algorithm}=` : '')
  const isLabelled = payload.namesTimestamp && timestampHeader === undefined
  return {
    url: delivery.url,
    headers: { ...headers, [headerName]: isLabelled ? `t=${timestamp},v1=${label}${text}` : label + text },
  }
}
