import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import { SendError } from 'miniapp'
import { systemCode } from '../cli-error.ts'

/** Specification 4.2; of the body on the wire and of the decoded one. */
export const MAX_RESPONSE_BYTES = 10 * 1024 * 1024

/** What is asked for; each of them has a decoder below. */
export const ACCEPT_ENCODING = 'gzip, br'

/** Repeated headers in one value. */
export function joinHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(name === 'set-cookie' ? '; ' : ', ') : String(value),
      ]),
  )
}

export async function readBody(stream: AsyncIterable<Uint8Array>, hostname: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.byteLength
    if (bytes > MAX_RESPONSE_BYTES) throw tooLarge(hostname)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

type Decoder = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>

/** By name of the coding (RFC 9110, 8.4.1). */
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: promisify(gunzip) as Decoder,
  'x-gzip': promisify(gunzip) as Decoder,
  br: promisify(brotliDecompress) as Decoder,
}

/** Undoes `Content-Encoding`, and takes the headers away that described the encoded bytes. */
export async function decodeBody(
  body: Uint8Array,
  headers: Record<string, string>,
  hostname: string,
): Promise<Uint8Array> {
  const coding = headers['content-encoding']?.trim().toLowerCase()
  if (coding === undefined || coding === 'identity' || body.byteLength === 0) return body
  const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined
  if (!decoder) {
    throw new SendError('network', `The answer of ${hostname} is encoded in a way that was not asked for`)
  }
  delete headers['content-encoding']
  delete headers['content-length']
  try {
    return await decoder(body, { maxOutputLength: MAX_RESPONSE_BYTES })
  } catch (cause) {
    if (systemCode(cause) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(hostname)
    throw new SendError('network', `The answer of ${hostname} is not encoded as its headers say`, { cause })
  }
}

function tooLarge(hostname: string): SendError {
  return new SendError('too-large', `The answer of ${hostname} is larger than ${MAX_RESPONSE_BYTES} bytes`)
}
