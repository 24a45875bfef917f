/** Many connections that send prepared requests as fast as they are answered. */
import { once } from 'node:events'
import { connect } from 'node:net'

export interface Load {
  port: number
  connections: number
  requests: readonly Buffer[]
}

const END_OF_HEAD = '\r\n\r\n'
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i
const ACCEPTED = 'HTTP/1.1 202 '

/**
 * Sends each request once.
 * @returns how many were answered in a second
 * @throws where one is not answered 202
 */
export async function requestsPerSecond({ port, connections, requests }: Load): Promise<number> {
  let next = 0
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      await once(socket, 'connect')
      await new Promise<void>((resolve, reject) => {
        let received = ''
        const send = () => {
          const request = requests[next++]
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
          send()
        })
        send()
      })
      socket.removeAllListeners('close')
      socket.destroy()
    }),
  )
  return (requests.length * 1000) / (performance.now() - startedAt)
}
