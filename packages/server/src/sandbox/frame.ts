/**
 * How the server and a sandbox process talk: frames of a length (four bytes, big endian) and as many bytes of UTF-8 JSON over
 * two pipes. Not Node's own channel between processes: there a child that was broken out of ends its parent with one
 * message of the channel's own protocol, and a message without end fills the parent's memory.
 */
import { readSync, writeSync } from 'node:fs'

const LENGTH_BYTES = 4

export function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + length)
  frame.writeUInt32BE(length)
  frame.write(text, LENGTH_BYTES)
  return frame
}

/**
 * Takes chunks as they come.
 * @param limits.maxBytes of one frame
 * @returns the texts that are whole by now; `undefined` where a frame is announced that is larger than allowed
 */
export function createFrameReader({
  maxBytes,
}: {
  maxBytes: number
}): (chunk: Buffer) => string[] | undefined {
  let chunks: Buffer[] = []
  let held = 0
  let needed = LENGTH_BYTES
  return (chunk) => {
    chunks.push(chunk)
    held += chunk.length
    const texts: string[] = []
    while (held >= needed) {
      const bytes = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks)
      chunks = [bytes]
      const length = bytes.readUInt32BE()
      if (length > maxBytes) return undefined
      needed = LENGTH_BYTES + length
      if (held < needed) break
      texts.push(bytes.toString('utf8', LENGTH_BYTES, needed))
      chunks = [bytes.subarray(needed)]
      held -= needed
      needed = LENGTH_BYTES
    }
    return texts
  }
}

/**
 * Waits for the next frame, and does nothing else meanwhile.
 * @returns `undefined` at the end of the pipe
 */
export function readFrame(file: number): string | undefined {
  const head = readBytes(file, LENGTH_BYTES)
  return head && readBytes(file, head.readUInt32BE())?.toString('utf8')
}

function readBytes(file: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; ) {
    const read = readSync(file, bytes, at, length - at, null)
    if (read === 0) return undefined
    at += read
  }
  return bytes
}

export function writeFrame(file: number, text: string): void {
  const frame = frameOf(text)
  for (let at = 0; at < frame.length; ) at += writeSync(file, frame, at)
}
