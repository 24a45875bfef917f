import { once } from 'node:events'
import { connect as connectTcp, createServer, type Server } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Client } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AddressGuard, createAddressGuard } from './address-guard.ts'
import { createGuardedConnector, guardSocket, type Resolve } from './connect.ts'

/** Counts connections and bytes; answers nothing, and ends the request once it has arrived. */
let trap: Server
let port: number
let seen: { connections: number; bytes: number }
let arrived: AbortController

beforeAll(async () => {
  trap = createServer((socket) => {
    seen.connections += 1
    socket.on('data', (chunk) => {
      seen.bytes += chunk.byteLength
      arrived.abort()
    })
    socket.on('error', () => {})
  })
  trap.listen(0, '127.0.0.1')
  await once(trap, 'listening')
  const address = trap.address()
  port = typeof address === 'object' && address ? address.port : 0
})

afterAll(() => {
  trap.close()
})

beforeEach(() => {
  seen = { connections: 0, bytes: 0 }
  arrived = new AbortController()
})

const closed = createAddressGuard([])
const open = createAddressGuard(['127.0.0.0/8'])

async function request(guard: AddressGuard, hostname: string, resolve: Resolve): Promise<unknown> {
  const client = new Client(`http://${hostname}:${port}`, { connect: createGuardedConnector(guard, resolve) })
  arrived = new AbortController()
  const failure = client.request({ method: 'GET', path: '/', signal: arrived.signal }).then(
    () => 'answered',
    (error) => error,
  )
  const outcome = await failure
  await client.destroy()
  return outcome
}

const toLoopback: Resolve = async () => ['127.0.0.1']

describe('a guarded connection', () => {
  it('reaches an address that is open, by name and by literal', async () => {
    await request(open, 'name.test', toLoopback)
    await request(open, '127.0.0.1', toLoopback)
    expect(seen.connections).toBe(2)
    expect(seen.bytes).toBeGreaterThan(0)
  })

  it('is not opened to a literal address that is closed', async () => {
    expect(await request(closed, '127.0.0.1', toLoopback)).toMatchObject({
      failure: 'blocked',
      message: '127.0.0.1 is a loopback address, which requests may not reach',
    })
    expect(seen.connections).toBe(0)
  })

  it('is not opened to a name with a closed address', async () => {
    expect(await request(closed, 'name.test', toLoopback)).toMatchObject({
      failure: 'blocked',
      message: 'name.test resolves to a loopback address, which requests may not reach',
    })
    expect(seen.connections).toBe(0)
  })

  it.each([
    ['first', ['127.0.0.1', '10.0.0.1']],
    ['last', ['10.0.0.1', '127.0.0.1']],
  ])(
    'is not opened to a name with one closed answer among open ones, the open one %s',
    async (_name, answers) => {
      expect(await request(open, 'name.test', async () => answers)).toMatchObject({ failure: 'blocked' })
      expect(seen.connections).toBe(0)
    },
  )

  it('asks for the name once, so that no second answer can differ from the checked one', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1']]
    let asked = 0
    await request(open, 'name.test', async () => answers[asked++] ?? [])
    expect(asked).toBe(1)
    expect(seen.connections).toBe(1)
  })

  it('is closed before a byte is sent where its peer turns out to be another than was checked', async () => {
    let looks = 0
    const changing: AddressGuard = {
      refusal: (address) => (++looks === 1 ? undefined : closed.refusal(address)),
    }
    expect(await request(changing, 'name.test', toLoopback)).toMatchObject({
      failure: 'blocked',
      message: 'name.test was connected to a loopback address, which requests may not reach',
    })
    expect(looks).toBe(2)
    expect(seen.bytes).toBe(0)
  })

  it('fails as a name that does not resolve where the resolver has no answer', async () => {
    expect(await request(open, 'name.test', async () => [])).toMatchObject({ code: 'ENOTFOUND' })
  })
})

describe('the look at the peer', () => {
  it.each([
    ['TCP', () => connectTcp({ port, host: '127.0.0.1' })],
    ['TLS', () => connectTls({ port, host: '127.0.0.1', servername: 'name.test' })],
  ])('destroys a %s socket before a byte is written', async (_name, connect) => {
    const socket = connect()
    socket.on('connect', () => socket.write('GET / HTTP/1.1\r\n\r\n'))
    guardSocket(socket, closed, 'name.test')
    const [error] = await once(socket, 'error')
    expect(error).toMatchObject({ name: 'SendError', failure: 'blocked' })
    await once(socket, 'close')
    expect(seen.bytes).toBe(0)
  })

  it('leaves the socket alone where the address is open: TLS says hello', async () => {
    const socket = connectTls({ port, host: '127.0.0.1', servername: 'name.test' })
    socket.on('error', () => {})
    const [peer] = await Promise.all([once(trap, 'connection'), guardSocket(socket, open, 'name.test')])
    await once(peer[0], 'data')
    socket.destroy()
    expect(seen.bytes).toBeGreaterThan(0)
  })
})
