import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'
import { SendError } from 'miniapp'
import { tooLargeMessage, type WireResponse } from './exchange.ts'

/** What we ask for; each of them has a decoder below. */
export const ACCEPT_ENCODING = 'gzip, deflate, br'

/** Codings laid over one another that are undone; more than two never make sense, and each costs a pass over the body. */
export const MAX_CODINGS = 3

type Decoder = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>

const gunzipAsync = promisify(gunzip) as Decoder
const inflateAsync = promisify(inflate) as Decoder
const inflateRawAsync = promisify(inflateRaw) as Decoder
const brotliAsync = promisify(brotliDecompress) as Decoder

/** By name of the coding (RFC 9110, 8.4.1), lower case. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzipAsync,
  'x-gzip': gunzipAsync,
  br: brotliAsync,
  // Meant is zlib's format (RFC 1950); many servers send the bare one (RFC 1951).
  deflate: (body, options) => (isZlib(body) ? inflateAsync(body, options) : inflateRawAsync(body, options)),
}

type Encoded = Pick<WireResponse, 'status' | 'headers' | 'body'>

/**
 * Undoes `Content-Encoding`. The headers that described the encoded bytes (`content-encoding`, `content-length`) go
 * with it.
 *
 * @param maxBytes of the decoded body, and of what lies between two codings
 * @throws SendError `too-large` over the limit; `network` where the body is not what its header says
 */
export async function decodeBody(response: Encoded, host: string, maxBytes: number): Promise<Encoded> {
  const codings = codingsOf(response.headers)
  if (codings.length === 0 || response.body.byteLength === 0) return response
  if (codings.length > MAX_CODINGS) {
    throw new SendError('network', `The answer of ${host} is encoded more than ${MAX_CODINGS} times`)
  }
  let { body } = response
  for (const coding of codings.reverse()) {
    const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined
    if (!decoder)
      throw new SendError('network', `The answer of ${host} is encoded in a way that was not asked for`)
    body = await decoder(body, { maxOutputLength: maxBytes }).catch((cause) => {
      throw decodingError(cause, host, maxBytes)
    })
  }
  const { 'content-encoding': _coding, 'content-length': _length, ...headers } = response.headers
  return { status: response.status, headers, body }
}

function codingsOf(headers: Record<string, string>): string[] {
  return (headers['content-encoding'] ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
}

function decodingError(cause: unknown, host: string, maxBytes: number): SendError {
  return (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    ? new SendError('too-large', tooLargeMessage(host, maxBytes))
    : new SendError('network', `The answer of ${host} is not encoded as its headers say`, { cause })
}

/** RFC 1950, 2.2: method 8, and the first two bytes are a multiple of 31. */
function isZlib(body: Uint8Array): boolean {
  const method = body[0] ?? 0
  const flags = body[1] ?? 0
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0
}
