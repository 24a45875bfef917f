import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fastify } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { discardRest } from '../webhook/discard-rest.ts'
import { discardRefusedBodies } from './discard-body.ts'

const NEVER_MS = 2 ** 30
const LIMIT_BYTES = 1_000
const PIECE = Buffer.alloc(LIMIT_BYTES, 'x')
/** Twenty of them are more than a connection holds. */
const LARGE_PIECE = Buffer.alloc(400_000, 'x')
const LARGE_PIECES = Array.from({ length: 20 }, () => LARGE_PIECE)

const server = fastify({ bodyLimit: LIMIT_BYTES })
let port: number

beforeAll(async () => {
  discardRefusedBodies(server)
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.post('/', async () => 'taken')
  await server.listen({ port: 0, host: '127.0.0.1' })
  port = (server.server.address() as AddressInfo).port
})
afterAll(() => server.close())

/** @returns everything that came back, also what an error of the connection says */
async function send(head: string, pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', ({ message }) => {
    text += message
  })
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\n${head}\r\n\r\n`)
  for (const piece of pieces) {
    socket.write(piece)
    // Time in which a server that does not read on has closed the connection.
    await sleep(5)
  }
  if (!socket.closed) await once(socket, 'close')
  return text
}

it.each([
  ['its length is said', `content-length: ${20 * LARGE_PIECE.length}`, LARGE_PIECES],
  [
    'it comes in chunks',
    'transfer-encoding: chunked',
    [...LARGE_PIECES.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`), '0\r\n\r\n'],
  ],
])('a sender that is still at it when its body is too large hears so: %s', async (_, head, pieces) => {
  const answer = await send(head, pieces)
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  expect(answer).toMatch(/\}$/)
})

it('takes a body at the limit as before', async () => {
  const head = `connection: close\r\ncontent-length: ${LIMIT_BYTES}`
  expect(await send(head, [PIECE])).toMatch(/^HTTP\/1\.1 200 /)
})

it('ends with the stream, at the limit of its size and of its time', async () => {
  const discard = (stream: PassThrough, bytes: number, withinMs = NEVER_MS) =>
    discardRest(stream, { bytes, withinMs })
  const ended = new PassThrough()
  ended.end(PIECE)
  await discard(ended, LIMIT_BYTES + 1)
  await discard(ended, LIMIT_BYTES + 1)
  const large = new PassThrough()
  large.write(PIECE)
  await discard(large, LIMIT_BYTES)
  await discard(new PassThrough(), LIMIT_BYTES, 1)
  const broken = new PassThrough()
  setImmediate(() => broken.destroy(new Error('reset')))
  await discard(broken, LIMIT_BYTES)
})
