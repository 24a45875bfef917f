import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decodeBody, MAX_CODINGS } from './decode-body.ts'

const TEXT = Buffer.from('Mädchen '.repeat(500))
const LIMIT = 64 * 1024

function decode(body: Uint8Array, contentEncoding: string, maxBytes = LIMIT) {
  const headers = { 'content-encoding': contentEncoding, 'content-length': `${body.byteLength}`, etag: '"1"' }
  return decodeBody({ status: 200, headers, body }, 'api.test', maxBytes)
}

const ENCODERS: [string, string, (body: Uint8Array) => Uint8Array][] = [
  ['gzip', 'gzip', gzipSync],
  ['gzip under its old name', 'x-gzip', gzipSync],
  ['gzip in capitals', 'GZip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without its wrapper', 'deflate', deflateRawSync],
  ['br', 'br', brotliCompressSync],
  ['gzip, then br', 'gzip, br', (body) => brotliCompressSync(gzipSync(body))],
  ['gzip and identity', 'gzip, identity', gzipSync],
]

describe.each(ENCODERS)('%s', (_name, contentEncoding, encode) => {
  it('is undone, and its headers go', async () => {
    const response = await decode(encode(TEXT), contentEncoding)
    expect(Buffer.from(response.body).equals(TEXT)).toBe(true)
    expect(response.headers).toEqual({ etag: '"1"' })
  })

  it('may give exactly the limit', async () => {
    const response = await decode(encode(Buffer.alloc(LIMIT)), contentEncoding)
    expect(response.body.byteLength).toBe(LIMIT)
  })

  it('may not give one byte more', async () => {
    await expect(decode(encode(Buffer.alloc(LIMIT + 1)), contentEncoding)).rejects.toMatchObject({
      name: 'SendError',
      failure: 'too-large',
      message: 'The answer of api.test is larger than 65536 bytes',
    })
  })

  it('fails where the body is cut', async () => {
    await expect(decode(encode(TEXT).subarray(0, -12), contentEncoding)).rejects.toMatchObject({
      failure: 'network',
    })
  })
})

describe('a body', () => {
  it('is left alone where only identity is named', async () => {
    const response = await decode(TEXT, 'identity')
    expect(response.body).toBe(TEXT)
  })

  it('may be empty whatever its header says', async () => {
    const response = await decode(new Uint8Array(0), 'gzip')
    expect(response.body.byteLength).toBe(0)
  })

  it('fails where it is not what its header says', async () => {
    await expect(decode(TEXT, 'gzip')).rejects.toMatchObject({ failure: 'network' })
  })

  it.each(['zstd', 'constructor', 'compress'])('fails in the coding %s', async (coding) => {
    await expect(decode(TEXT, coding)).rejects.toMatchObject({ failure: 'network' })
  })

  it('is not decoded more often than the limit says', async () => {
    const layers = (count: number) => ({
      body: Array.from({ length: count }).reduce<Uint8Array>((body) => gzipSync(body), TEXT),
      coding: Array.from({ length: count }, () => 'gzip').join(','),
    })
    const allowed = layers(MAX_CODINGS)
    expect(Buffer.from((await decode(allowed.body, allowed.coding)).body).equals(TEXT)).toBe(true)
    const bomb = layers(MAX_CODINGS + 1)
    await expect(decode(bomb.body, bomb.coding)).rejects.toMatchObject({ failure: 'network' })
  })

  it('does not grow in memory beyond the limit when a thousandfold bomb is undone', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    await expect(decode(bomb, 'gzip')).rejects.toMatchObject({ failure: 'too-large' })
    const doubled = gzipSync(bomb)
    await expect(decode(doubled, 'gzip, gzip')).rejects.toMatchObject({ failure: 'too-large' })
  })
})
