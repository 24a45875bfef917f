import { SendError } from 'miniapp'
import { decodeBody } from '../http/decode-body.ts'

type Headers = Readonly<Record<string, string>>

/** A body as paths see it; what is verified and kept are the bytes as they came. */
type Decoded = { ok: true; headers: Headers; rawBody: Uint8Array } | { ok: false; reason: string }

/**
 * Undoes `Content-Encoding`.
 * @param maxBytes of the decoded body
 */
export async function decodeDelivery(
  { headers, rawBody }: { headers: Headers; rawBody: Uint8Array },
  maxBytes: number,
): Promise<Decoded | 'too-large'> {
  if (headers['content-encoding'] === undefined) return { ok: true, headers, rawBody }
  try {
    const decoded = await decodeBody({ status: 200, headers: { ...headers }, body: rawBody }, '', maxBytes)
    return { ok: true, headers: decoded.headers, rawBody: decoded.body }
  } catch (error) {
    if (!(error instanceof SendError)) throw error
    if (error.failure === 'too-large') return 'too-large'
    return { ok: false, reason: 'The body is not encoded as its `Content-Encoding` says.' }
  }
}
