/** What is sent to the address of a webhook besides deliveries, and how each is to be answered. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { signatureOf } from '../../packages/server/test/market-app.ts'
import { SHOP_APP } from './apps.ts'

/** Of the server: small, so that what is too large is sent quickly. */
export const MAX_BODY_BYTES = 1024 * 1024
export const PATH = `/w/flooding/miniapps/${SHOP_APP}/webhooks`
/** What a bomb becomes. */
const BOMB_BYTES = 64 * MAX_BODY_BYTES
const HEADERS = 10_000
const PIECE_BYTES = 16 * 1024
/** Milliseconds without an answer: only a hang takes longer. */
const ANSWERED_WITHIN_MS = 60_000

interface Hostile {
  name: string
  body: Buffer
  headers?: Record<string, string>
  /** Status of the answer. */
  expected: number
  /** The connection is closed while it is sent, which may take the answer along; one of them has to arrive. */
  mayBeCut?: boolean
  /** Default: one. */
  times?: number
}

const padded = (bytes: number) =>
  Buffer.from('{"delivery_id":"big","x":"'.padEnd(bytes - 2, 'x').concat('"}'))
const small = Buffer.from('{"delivery_id":"small"}')
const zeros = Buffer.alloc(BOMB_BYTES)

function hostile(): Hostile[] {
  const many = Object.fromEntries(Array.from({ length: HEADERS }, (_, index) => [`x-${index}`, 'y']))
  const encoded = (coding: string, body: Buffer, expected: number): Hostile => ({
    name: `${coding}, ${expected}`,
    body,
    headers: { 'content-encoding': coding },
    expected,
    times: 5,
  })
  return [
    { name: 'a body one byte under the limit', body: padded(MAX_BODY_BYTES - 1), expected: 202 },
    { name: 'a body at the limit', body: padded(MAX_BODY_BYTES), expected: 202 },
    { name: 'a body one byte over the limit', body: padded(MAX_BODY_BYTES + 1), expected: 413, times: 20 },
    { name: 'a body far over the limit', body: padded(8 * MAX_BODY_BYTES), expected: 413, times: 5 },
    { name: 'JSON that ends early', body: Buffer.from('{"delivery_id":"cut'), expected: 202 },
    { name: 'no UTF-8', body: Buffer.from([0x7b, 0xff, 0xfe, 0x00]), expected: 202 },
    { name: 'JSON nested too deeply', body: Buffer.from('['.repeat(100_000)), expected: 400 },
    {
      name: 'an unknown charset',
      body: small,
      headers: { 'content-type': 'application/json; charset=x-made-up' },
      expected: 202,
    },
    { name: 'a content type that is none', body: small, headers: { 'content-type': ';;/;' }, expected: 202 },
    {
      name: 'XML called JSON',
      body: Buffer.from('<a><!DOCTYPE a [<!ENTITY b "b">]></a>'),
      headers: { 'content-type': 'application/json' },
      expected: 202,
    },
    { name: '10 000 headers', body: small, headers: many, expected: 431, mayBeCut: true, times: 5 },
    encoded('gzip', gzipSync(zeros), 413),
    encoded('br', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }), 413),
    encoded('gzip', Buffer.from('not gzip at all'), 400),
    {
      name: 'a wrong signature',
      body: small,
      headers: { 'x-market-signature': 'f'.repeat(64) },
      expected: 401,
      times: 50,
    },
  ]
}

/** @returns how many were sent, and how many were answered otherwise than they should be */
export async function sendHostile(url: string, { log }: { log: (line: string) => void }) {
  let sent = 0
  let wrong = 0
  for (const { name, body, headers = {}, expected, mayBeCut = false, times = 1 } of hostile()) {
    const answers = await Promise.all(Array.from({ length: times }, () => statusOf(url, body, headers)))
    sent += times
    const isCut = (status: number) => mayBeCut && status === 0 && answers.includes(expected)
    const others = answers.filter((status) => status !== expected && !isCut(status))
    wrong += others.length
    if (others.length > 0) log(`${name}: answered ${others.join(', ')} instead of ${expected}`)
  }
  return { hostileRequests: sent, hostileAnswersWrong: wrong }
}

/** Over a socket of its own: a client would refuse to send some of it. @returns 0 where no status came */
async function statusOf(url: string, body: Buffer, headers: Record<string, string>): Promise<number> {
  const socket = await socketTo(url)
  const fields = Object.entries({
    host: 'localhost',
    connection: 'close',
    'content-type': 'application/json',
    'content-length': String(body.byteLength),
    'x-market-topic': 'hostile',
    'x-market-signature': signatureOf(body),
    ...headers,
  })
  const answered = statusFrom(socket)
  const head = `POST ${PATH} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  await writeUntil(answered, socket, Buffer.concat([Buffer.from(head), body]))
  const status = await answered
  socket.destroy()
  return status
}

/** In pieces, and no more once there is an answer: what is sent behind it could make the network drop the answer. */
async function writeUntil(answered: Promise<unknown>, socket: Socket, bytes: Buffer): Promise<void> {
  let isAnswered = false
  void answered.then(() => {
    isAnswered = true
  })
  for (let from = 0; from < bytes.byteLength && !isAnswered && socket.writable; from += PIECE_BYTES) {
    const { promise, resolve } = Promise.withResolvers<void>()
    socket.write(bytes.subarray(from, from + PIECE_BYTES), () => resolve())
    await Promise.race([promise, answered])
    await sleep(1)
  }
}

export async function socketTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  // A server that has answered may close before the body has been sent.
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

function statusFrom(socket: Socket): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]
    if (status !== undefined) resolve(Number(status))
  })
  socket.once('close', () => resolve(0))
  socket.setTimeout(ANSWERED_WITHIN_MS, () => resolve(0))
  return promise
}
