import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBody } from './read-body.ts'

const LIMIT = 10

let server: Server
let read: (body: Awaited<ReturnType<typeof readBody>>) => void

beforeAll(async () => {
  server = createServer(async (request, response) => {
    read(await readBody(request, LIMIT))
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const CHUNKED = 'transfer-encoding: chunked'

/** What is read of a request whose sender writes its pieces one after the other. */
async function sent(header: string, pieces: string[], end: (socket: Socket) => void = () => {}) {
  const body = new Promise<Awaited<ReturnType<typeof readBody>>>((resolve) => {
    read = resolve
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const asked = once(server, 'request')
  socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\n${header}\r\n\r\n`)
  await asked
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, resolve))
    await turn()
  }
  end(socket)
  const answer = await body
  socket.destroy()
  return typeof answer === 'string' ? answer : Buffer.from(answer).toString()
}

describe('a body', () => {
  it.each([
    ['at the limit, in one piece', 'content-length: 10', ['1234567890'], '1234567890'],
    ['in pieces', 'content-length: 10', ['1', '23456789', '0'], '1234567890'],
    ['in chunks', CHUNKED, ['3\r\nabc\r\n', '2\r\nde\r\n', '0\r\n\r\n'], 'abcde'],
    ['that is empty', 'content-length: 0', [], ''],
    ['that is not there', 'x-nothing: more', [], ''],
    ['that says to be too large, before it came', 'content-length: 11', [], 'too-large'],
    ['that is too large by one byte', CHUNKED, ['a\r\n1234567890\r\n', '1\r\n1\r\n'], 'too-large'],
  ])('%s', async (_what, header, pieces, expected) => {
    expect(await sent(header, pieces)).toBe(expected)
  })

  it('whose sender goes away is gone', async () => {
    expect(await sent('content-length: 10', ['123'], (socket) => socket.destroy())).toBe('gone')
  })
})
