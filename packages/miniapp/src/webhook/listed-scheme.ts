/** Standard Webhooks and Stripe: a header that lists several signatures, one of which has to fit. */
import { compareSignatures } from './compare-signatures.ts'
import { decodeBytes } from './decode-bytes.ts'
import { DIGEST_BYTES, hmac, hmacText, type Piece } from './digest.ts'
import { malformed, timestampMissing } from './hmac-scheme.ts'
import { compileHeader } from './read-header.ts'
import { requiredSecret } from './required-secret.ts'
import type { Scheme, Verification } from './scheme.ts'
import { labelledValues } from './signature-list.ts'
import { headerMissing } from './signed-payload.ts'
import { DEFAULT_TOLERANCE_SECONDS, epochSeconds, refuseTime } from './signing-time.ts'
import type { Refused } from './verdict.ts'

const SHA256 = { signature: 'the HMAC-SHA256', bytes: DIGEST_BYTES.sha256 } as const

/** Signatures that are looked at: providers send one for each secret of a rotation. */
const MAX_SIGNATURES = 10

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function compileStandardWebhooks(verification: Verification): Scheme {
  const { secretKey = '', toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = verification
  const {
    headerName = 'webhook-signature',
    idHeader = 'webhook-id',
    timestampHeader = 'webhook-timestamp',
  } = verification
  const [readSignature, readId, readTime] = [headerName, idHeader, timestampHeader].map(compileHeader) as [
    ReturnType<typeof compileHeader>,
    ReturnType<typeof compileHeader>,
    ReturnType<typeof compileHeader>,
  ]
  const piecesOf = (id: string, timestamp: string, body: Uint8Array): Piece[] => [`${id}.${timestamp}.`, body]
  return {
    header: headerName.toLowerCase(),
    secretKeys: [secretKey],
    verify: ({ headers, rawBody, now }, secrets) => {
      const [header, id, timestamp] = [readSignature(headers), readId(headers), readTime(headers)]
      if (header === undefined) return headerMissing(headerName)
      if (id === undefined) return headerMissing(idHeader)
      if (timestamp === undefined) return timestampMissing(`the header \`${timestampHeader}\``)
      const given = header.split(' ').flatMap((part) => (part.startsWith('v1,') ? [part.slice(3)] : []))
      const signatures = decodeAll(given, 'base64')
      if (signatures === undefined) return malformed(headerName, 'signatures such as `v1,…` in base64')
      const late = refuseTime(timestamp, { now, toleranceSeconds })
      if (late) return late
      const sign = (secret: string) => {
        const key = standardKey(secret)
        return key && hmac('sha256', key, piecesOf(id, timestamp, rawBody))
      }
      return compareSignatures({ secrets, key: secretKey }, signatures, sign, {
        ...SHA256,
        header: headerName,
      })
    },
    sign: ({ id, now, rawBody, url }, secrets) => {
      const key = standardKey(requiredSecret(secrets, secretKey))
      if (key === undefined)
        throw new Error(`\`${secretKey}\` is no secret of Standard Webhooks: \`whsec_\` and base64`)
      const timestamp = epochSeconds(now)
      const pieces = piecesOf(id, timestamp, rawBody)
      const signature = `v1,${hmacText('sha256', key, { pieces, encoding: 'base64' })}`
      return { url, headers: { [idHeader]: id, [timestampHeader]: timestamp, [headerName]: signature } }
    },
  }
}

/** The bytes after `whsec_`, which may be missing; `undefined` where they are no base64, or none at all. */
function standardKey(secret: string): Uint8Array | undefined {
  return decodeBytes(secret.trim().replace(/^whsec_/, ''), 'base64')
}

function decodeAll(texts: readonly string[], encoding: 'hex' | 'base64'): Uint8Array[] | undefined {
  if (texts.length === 0 || texts.length > MAX_SIGNATURES) return undefined
  const decoded = texts.map((text) => decodeBytes(text, encoding))
  return decoded.every((bytes) => bytes !== undefined) ? decoded : undefined
}

/** https://docs.stripe.com/webhooks#verify-manually; the secret is used whole, with its `whsec_`. */
export function compileStripe(verification: Verification): Scheme {
  const { headerName = 'Stripe-Signature', secretKey = '' } = verification
  const { toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = verification
  const readHeader = compileHeader(headerName)
  return {
    header: headerName.toLowerCase(),
    secretKeys: [secretKey],
    verify: ({ headers, rawBody, now }, secrets) => {
      const header = readHeader(headers)
      if (header === undefined) return headerMissing(headerName)
      const parts = stripeParts(header, headerName)
      if ('ok' in parts) return parts
      const late = refuseTime(parts.timestamp, { now, toleranceSeconds })
      if (late) return late
      const sign = (secret: string) => hmac('sha256', secret, [`${parts.timestamp}.`, rawBody])
      return compareSignatures({ secrets, key: secretKey }, parts.signatures, sign, {
        ...SHA256,
        header: headerName,
      })
    },
    sign: ({ now, rawBody, url }, secrets) => {
      const timestamp = epochSeconds(now)
      const signed = { pieces: [`${timestamp}.`, rawBody], encoding: 'hex' as const }
      const signature = hmacText('sha256', requiredSecret(secrets, secretKey), signed)
      return { url, headers: { [headerName]: `t=${timestamp},v1=${signature}` } }
    },
  }
}

function stripeParts(
  header: string,
  headerName: string,
): { timestamp: string; signatures: Uint8Array[] } | Refused {
  const values = labelledValues(header)
  const times = values.get('t') ?? []
  if (times.length === 0) return timestampMissing(`\`t=…\` in \`${headerName}\``)
  const signatures = decodeAll(values.get('v1') ?? [], 'hex')
  if (times.length > 1 || signatures === undefined)
    return malformed(headerName, 'one time and signatures, `t=…,v1=…`')
  return { timestamp: times[0] ?? '', signatures }
}
