/**
 * The memory of an engine that is ready for a function, put back after each one. It is quicker than a new context for every
 * call, and surer: an error of the engine may let a function write where it should not, and what it wrote must not reach
 * the next call.
 */

export interface MemoryImage {
  /** Bytes of the memory when the image was taken. */
  readonly bytes: number
  /**
   * Puts back everything that the engine relies on: its statics and its heap.
   * @param wipe also clears what the engine never reads before it has written it: the unused stack and free memory, in which
   *   there are leftovers of earlier calls
   */
  restore(wipe: boolean): void
}

const BLOCK_BYTES = 65_536
/** So many blocks without a byte are the engine's stack (5 MiB), not statics that happen to be zero. */
const BLOCKS_OF_STACK = 16

/** A part of the memory that is not empty. */
interface Part {
  readonly at: number
  readonly bytes: Uint8Array
}

/** @param memory asked anew each time: a memory that grew has another buffer */
export function takeImage(memory: () => ArrayBufferLike): MemoryImage {
  const now = new Uint8Array(memory())
  const parts = partsOf(now)
  return {
    bytes: now.length,
    restore(wipe) {
      const current = new Uint8Array(memory())
      if (wipe) current.fill(0)
      for (const { at, bytes } of parts) current.set(bytes, at)
    },
  }
}

function partsOf(memory: Uint8Array): Part[] {
  const parts: Part[] = []
  let start = 0
  let end = 0
  const close = () => {
    if (end > start)
      parts.push({ at: start * BLOCK_BYTES, bytes: memory.slice(start * BLOCK_BYTES, end * BLOCK_BYTES) })
  }
  for (let block = 0; block < memory.length / BLOCK_BYTES; block++) {
    if (isEmpty(memory, block)) continue
    if (block - end >= BLOCKS_OF_STACK) {
      close()
      start = block
    }
    end = block + 1
  }
  close()
  return parts
}

function isEmpty(memory: Uint8Array, block: number): boolean {
  const words = new Uint32Array(
    memory.buffer,
    block * BLOCK_BYTES,
    BLOCK_BYTES / Uint32Array.BYTES_PER_ELEMENT,
  )
  // The whole memory is looked at for each engine: a loop takes a tenth of what `every` does.
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false
  return true
}
