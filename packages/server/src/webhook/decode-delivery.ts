import { SendError } from 'miniapp'
import { decodeBody } from '../http/decode-body.ts'

type Headers = Readonly<Record<string, string>>

interface Encoded {
  headers: Headers
  rawBody: Uint8Array
}

/** A body as paths see it; what is verified and kept are the bytes as they came. */
type Decoded = { ok: true; headers: Headers; rawBody: Uint8Array } | { ok: false; reason: string }

/**
 * Undoes `Content-Encoding`. A promise only where there is one.
 * @param maxBytes of the decoded body
 */
export function decodeDelivery(
  encoded: Encoded,
  maxBytes: number,
): Decoded | 'too-large' | Promise<Decoded | 'too-large'> {
  const { headers, rawBody } = encoded
  return headers['content-encoding'] === undefined
    ? { ok: true, headers, rawBody }
    : decodeEncoded(encoded, maxBytes)
}

async function decodeEncoded(
  { headers, rawBody }: Encoded,
  maxBytes: number,
): Promise<Decoded | 'too-large'> {
  try {
    const decoded = await decodeBody({ status: 200, headers: { ...headers }, body: rawBody }, '', maxBytes)
    return { ok: true, headers: decoded.headers, rawBody: decoded.body }
  } catch (error) {
    if (!(error instanceof SendError)) throw error
    if (error.failure === 'too-large') return 'too-large'
    return { ok: false, reason: 'The body is not encoded as its `Content-Encoding` says.' }
  }
}
