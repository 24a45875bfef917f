/** Connections that begin a delivery and hardly go on with it: they are to be cut off, and to hear why. */
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { LIMITS } from '../../packages/server/src/app/limits.ts'
import { PATH, socketTo } from './hostile.ts'

const DRIP_EVERY_MS = 500
/** From the beginning on; the rest is for a machine that is busy. */
const CUT_OFF_WITHIN_MS = LIMITS.requestTimeoutMs.value + LIMITS.checkIntervalMs.value + 10_000
const POLL_MS = 100
const HEAD = `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\n`

/** What is sent at once, and what again and again. */
const KINDS = [
  { name: 'headers', first: HEAD, drip: () => `x-${Math.random()}: y\r\n` },
  {
    name: 'body',
    first: `${HEAD}content-type: application/json\r\ncontent-length: 100000\r\n\r\n{`,
    drip: () => ' ',
  },
  { name: 'nothing', first: `${HEAD}content-length: 1000\r\n\r\n`, drip: () => '' },
] as const

interface SlowSender {
  name: string
  socket: Socket
  drip(): string
  /** All that came. */
  answer: string
  isClosed: boolean
}

export interface SlowSenders {
  /** Waits until all were cut off, or should have been. */
  outcome(log: (line: string) => void): Promise<{ slowSendersLeft: number; slowAnswersWrong: number }>
  close(): void
}

/** @param count of each kind */
export async function slowSenders(url: string, count: number): Promise<SlowSenders> {
  const startedAt = performance.now()
  const kinds = KINDS.flatMap((kind) => Array.from({ length: count }, () => kind))
  const senders = await Promise.all(
    kinds.map(async ({ name, first, drip }) => begin({ name, drip, socket: await socketTo(url) }, first)),
  )
  const timer = setInterval(() => {
    for (const { socket, drip } of senders) if (socket.writable) socket.write(drip())
  }, DRIP_EVERY_MS)
  return {
    async outcome(log) {
      const isOver = () => performance.now() - startedAt > CUT_OFF_WITHIN_MS
      while (!isOver() && senders.some(({ isClosed }) => !isClosed)) await sleep(POLL_MS)
      const left = senders.filter(({ isClosed }) => !isClosed)
      const wrong = senders.filter((sender) => sender.isClosed && !isClear(sender))
      for (const [what, some] of Object.entries({ 'still open': left, 'not told why': wrong })) {
        const [one] = some
        if (one) log(`slow senders ${what}: ${some.length}, one of ${one.name}: ${one.answer.slice(0, 200)}`)
      }
      return { slowSendersLeft: left.length, slowAnswersWrong: wrong.length }
    },
    close() {
      clearInterval(timer)
      for (const { socket } of senders) socket.destroy()
    },
  }
}

function begin(
  { name, drip, socket }: Pick<SlowSender, 'name' | 'drip' | 'socket'>,
  first: string,
): SlowSender {
  const sender: SlowSender = { name, drip, socket, answer: '', isClosed: false }
  socket.on('data', (chunk) => {
    sender.answer += chunk.toString('latin1')
  })
  socket.once('close', () => {
    sender.isClosed = true
  })
  socket.write(first)
  return sender
}

function isClear({ answer }: SlowSender): boolean {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return head.startsWith('HTTP/1.1 408 ') && body.includes('not complete after')
}
