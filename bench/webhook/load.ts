/** Many connections that send prepared requests as fast as they are answered. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Load {
  port: number
  connections: number
  requests: readonly Buffer[]
  /** Of each connection, between an answer and its next request. Default: none. */
  pauseMs?: number
}

export interface Delivered {
  perSecond: number
  /** Of the times from a request to its answer. */
  p99Ms: number
}

const END_OF_HEAD = '\r\n\r\n'
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i
const ACCEPTED = 'HTTP/1.1 202 '

/**
 * Sends each request once.
 * @throws where one is not answered 202
 */
export async function deliver({ port, connections, requests, pauseMs = 0 }: Load): Promise<Delivered> {
  let next = 0
  const timesMs: number[] = []
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      await once(socket, 'connect')
      await new Promise<void>((resolve, reject) => {
        let received = ''
        let sentAt = 0
        const send = async () => {
          if (pauseMs > 0) await sleep(pauseMs)
          const request = requests[next++]
          sentAt = performance.now()
          if (request === undefined) resolve()
          else socket.write(request)
        }
        socket.setEncoding('latin1')
        socket.on('error', reject)
        socket.on('close', () => reject(new Error('the server closed a connection')))
        socket.on('data', (text: string) => {
          received += text
          const end = received.indexOf(END_OF_HEAD)
          if (end < 0) return
          const length = Number(LENGTH.exec(received)?.[1])
          if (received.length < end + END_OF_HEAD.length + length) return
          if (!received.startsWith(ACCEPTED)) reject(new Error(`a delivery was answered ${received}`))
          received = ''
          timesMs.push(performance.now() - sentAt)
          void send()
        })
        void send()
      })
      socket.removeAllListeners('close')
      socket.destroy()
    }),
  )
  const perSecond = (requests.length * 1000) / (performance.now() - startedAt)
  timesMs.sort((one, other) => one - other)
  return { perSecond, p99Ms: timesMs[Math.floor(timesMs.length * 0.99)] ?? 0 }
}
