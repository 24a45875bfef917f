/** What is too large is read on before it is refused: a connection that is closed on unread bytes loses the answer on its way (RFC 9112, 9.6). */
import type { Readable } from 'node:stream'

/** Of a body that is refused: an honest sender has seldom more, and reading costs next to nothing. */
export const DISCARDED_BYTES = 32 * 1024 * 1024
/** A slower sender is answered while it is at it, and may miss the answer. */
export const DISCARDED_WITHIN_MS = 5_000

/**
 * Resolves where the stream has ended, or one of the limits is reached; never rejects.
 * @param limits default {@link DISCARDED_BYTES} and {@link DISCARDED_WITHIN_MS}
 */
export async function discardRest(
  stream: Readable,
  { bytes, withinMs } = { bytes: DISCARDED_BYTES, withinMs: DISCARDED_WITHIN_MS },
): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let left = bytes
  const take = (chunk: Uint8Array) => {
    left -= chunk.byteLength
    if (left <= 0) end()
  }
  const timer = setTimeout(end, withinMs)
  stream.on('data', take).once('end', end).once('close', end).once('error', end)
  await ended
  clearTimeout(timer)
  stream.off('data', take).pause()
}
