import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { fastify } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectionOptions, LIMITS } from './limits.ts'
import { refuseRequest } from './refuse-request.ts'

const DRIP_MS = 20
/** Only a hang takes longer. */
const PATIENCE_MS = 30_000

const server = fastify({
  ...connectionOptions({ requestTimeoutMs: 200, checkIntervalMs: 50 }),
  clientErrorHandler: refuseRequest,
})
let port: number

beforeAll(async () => {
  server.post('/', async () => 'taken')
  server.get('/', async (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200).write('begun')
  })
  await server.listen({ port: 0, host: '127.0.0.1' })
  port = (server.server.address() as AddressInfo).port
})
afterAll(() => server.close())

/** Sends the text at once and then `drip` again and again. @returns all that came until the server closed the connection */
async function send(text: string, drip = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  let came = ''
  socket.on('data', (chunk) => {
    came += chunk
  })
  socket.write(text)
  const dripping = setInterval(() => drip && socket.writable && socket.write(drip), DRIP_MS)
  // Not by `once` of events, which rejects where a drip meets the closed connection.
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(dripping)
  return came
}

const bodyOf = (answer: string) => JSON.parse(answer.split('\r\n\r\n')[1] ?? '')
const HEAD = 'POST / HTTP/1.1\r\nhost: x\r\n'

it.each([
  ['headers never end', HEAD, 'x: y\r\n'],
  ['body never ends', `${HEAD}content-type: application/json\r\ncontent-length: 1000000\r\n\r\n{`, ' '],
  ['sender is silent', HEAD, ''],
])('a request whose %s is cut off, with an answer', { timeout: PATIENCE_MS }, async (_what, text, drip) => {
  const answer = await send(text, drip)
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
  expect(bodyOf(answer)).toEqual({
    error: { code: 'BAD_USER_INPUT', message: 'The request was not complete after 30 seconds.' },
  })
})

it.each([
  [431, 'headers are too large', `${HEAD}x: ${'y'.repeat(LIMITS.headerBytes.value)}\r\n\r\n`],
  [400, 'first line is none', 'hello\r\n\r\n'],
])('answers %d where its %s', async (status, _what, text) => {
  const answer = await send(text)
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(bodyOf(answer)).toMatchObject({ error: { code: 'BAD_USER_INPUT' } })
})

it('adds nothing to an answer that has begun', async () => {
  const answer = await send('GET / HTTP/1.1\r\nhost: x\r\n\r\n', 'no request\r\n\r\n')
  expect(answer).toContain('begun')
  expect(answer).not.toContain('BAD_USER_INPUT')
})
