import type { IncomingMessage } from 'node:http'

/**
 * The bytes of a body as they came, whatever its headers call them. One that is too large is left where the limit was
 * passed, for whoever drops the rest; `gone`: the sender went away before it had sent all.
 *
 * @param limit bytes
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<Uint8Array | 'too-large' | 'gone'> {
  if (Number(request.headers['content-length']) > limit) return Promise.resolve('too-large')
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let length = 0
    const take = (chunk: Uint8Array) => {
      length += chunk.length
      chunks.push(chunk)
      if (length <= limit) return
      request.off('data', take).pause()
      resolve('too-large')
    }
    request.on('data', take)
    request.on('end', () => {
      const [first] = chunks
      resolve(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, length))
    })
    request.on('close', () => resolve('gone'))
  })
}
