import { describe, expect, it } from 'vitest'
import { createFrameReader, frameOf } from './frame.ts'

const TEXTS = ['', 'a', '{"a":"é😀"}', 'x'.repeat(70_000)]

describe('frames', () => {
  it.each([1, 3, 5, 4_096, 1e6])('come out as they went in, in chunks of %i bytes', (size) => {
    const read = createFrameReader({ maxBytes: 70_000 })
    const bytes = Buffer.concat(TEXTS.map(frameOf))
    const texts: string[] = []
    for (let at = 0; at < bytes.length; at += size) texts.push(...(read(bytes.subarray(at, at + size)) ?? []))
    expect(texts).toEqual(TEXTS)
  })

  it('are refused from the byte that is too many, before any of it has come', () => {
    expect(createFrameReader({ maxBytes: 9 })(frameOf('123456789'))).toEqual(['123456789'])
    expect(createFrameReader({ maxBytes: 9 })(frameOf('1234567890').subarray(0, 4))).toBeUndefined()
  })
})
