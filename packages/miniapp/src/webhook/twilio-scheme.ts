import { compareSignatures } from './compare-signatures.ts'
import { decodeBytes } from './decode-bytes.ts'
import { DIGEST_BYTES, hmac, hmacText, isSame, sha256Hex } from './digest.ts'
import { malformed } from './hmac-scheme.ts'
import { compileHeader, type Headers } from './read-header.ts'
import { requiredSecret } from './required-secret.ts'
import type { Scheme, Verification } from './scheme.ts'
import { headerMissing } from './signed-payload.ts'
import { type Refused, refused } from './verdict.ts'

const readContentType = compileHeader('content-type')
const FORM = /^application\/x-www-form-urlencoded\b/i
/** Query parameter by which the URL, and with it the signature, covers a body that is no form. */
const BODY_HASH = 'bodySHA256'
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': ':443', 'http:': ':80' }
const TEXT = new TextDecoder()

/** https://www.twilio.com/docs/usage/security: HMAC-SHA1 of the URL and the sorted form fields, in base64. */
export function compileTwilio({ headerName = 'X-Twilio-Signature', secretKey = '' }: Verification): Scheme {
  const readHeader = compileHeader(headerName)
  const words = {
    signature: 'the HMAC-SHA1 of URL and form',
    header: headerName,
    bytes: DIGEST_BYTES.sha1,
  }
  return {
    header: headerName.toLowerCase(),
    secretKeys: [secretKey],
    verify: ({ headers, rawBody, url }, secrets) => {
      const header = readHeader(headers)
      if (header === undefined) return headerMissing(headerName)
      const given = decodeBytes(header, 'base64')
      if (given === undefined) return malformed(headerName, 'exactly one signature in base64')
      const fields = signedFields({ headers, rawBody, url })
      if (typeof fields !== 'string') return fields
      const verdicts = spellings(url).map((spelled) =>
        compareSignatures(
          { secrets, key: secretKey },
          [given],
          (secret) => hmac('sha1', secret, [spelled, fields]),
          words,
        ),
      )
      return verdicts.find(({ ok }) => ok) ?? (verdicts[0] as Refused)
    },
    sign: ({ headers, rawBody, url }, secrets) => {
      const isForm = FORM.test(readContentType(headers) ?? '') || rawBody.length === 0
      const signed = isForm || bodyHash(url) !== undefined ? url : withBodyHash(url, rawBody)
      const fields = signedFields({ headers, rawBody, url: signed })
      if (typeof fields !== 'string') throw new Error(fields.reason)
      const pieces = [signed, fields]
      const secret = requiredSecret(secrets, secretKey)
      return {
        url: signed,
        headers: { [headerName]: hmacText('sha1', secret, { pieces, encoding: 'base64' }) },
      }
    },
  }
}

/** What is signed after the URL; of a body that is no form, nothing: its hash is in the URL. */
function signedFields({
  headers,
  rawBody,
  url,
}: {
  headers: Headers
  rawBody: Uint8Array
  url: string
}): string | Refused {
  const hash = bodyHash(url)
  if (hash !== undefined) {
    if (isSame(hash.toLowerCase(), sha256Hex(rawBody))) return ''
    return refused('signature-differs', `The SHA-256 of the body is not the \`${BODY_HASH}\` of the URL.`)
  }
  if (rawBody.length === 0) return ''
  if (FORM.test(readContentType(headers) ?? '')) return sortedFields(rawBody)
  return refused(
    'signature-malformed',
    `The body is no form, and the URL has no \`${BODY_HASH}\`: nothing signs the body.`,
  )
}

/** Names in order, each followed by its values: sorted, each once. */
function sortedFields(rawBody: Uint8Array): string {
  const fields = new Map<string, Set<string>>()
  for (const [name, value] of new URLSearchParams(TEXT.decode(rawBody))) {
    const values = fields.get(name)
    if (values === undefined) fields.set(name, new Set([value]))
    else values.add(value)
  }
  const names = [...fields.keys()].sort()
  return names.flatMap((name) => [...(fields.get(name) ?? [])].sort().map((value) => name + value)).join('')
}

function bodyHash(url: string): string | undefined {
  const at = url.indexOf('?')
  if (at < 0) return undefined
  return new URLSearchParams(url.slice(at + 1)).get(BODY_HASH) ?? undefined
}

function withBodyHash(url: string, rawBody: Uint8Array): string {
  return `${url}${url.includes('?') ? '&' : '?'}${BODY_HASH}=${sha256Hex(rawBody)}`
}

const ORIGIN = /^(https?:)(\/\/[^/?#]*?)(:\d+)?(?=[/?#]|$)/i

/** Twilio signs the URL with or without the port, whichever product sends: both are tried, as its libraries do. */
function spellings(url: string): string[] {
  const [origin, scheme = '', host = '', port] = ORIGIN.exec(url) ?? []
  if (origin === undefined) return [url]
  const other = port === undefined ? (DEFAULT_PORTS[scheme.toLowerCase()] ?? '') : ''
  return [url, scheme + host + other + url.slice(origin.length)]
}
