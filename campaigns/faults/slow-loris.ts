/** Thousands of connections whose requests never get done, while others are served. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, settle } from './fault.ts'
import { growthOf, startLoad } from './load.ts'
import { openSite } from './site.ts'

const CONNECTIONS = { quick: 300, default: 2_000, long: 5_000 } as const
const HEADER_EVERY_MS = 2_000
/** A request has 30 s; whoever looks, looks every few. */
const CUT_OFF_MS = 45_000
const QUICK_MS = 3_000
const OTHERS_MS = 3_000

class Loris {
  readonly #socket: Socket
  closed = false

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.closed = true
    })
    this.#socket.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\n')
  }

  drip(): void {
    if (!this.closed) this.#socket.write('X-Patience: 1\r\n')
  }

  end(): void {
    this.#socket.destroy()
  }
}

export const slowLoris: Fault = {
  name: 'slowLoris',
  async run({ form, log }) {
    const site = await openSite()
    const broken: string[] = []
    const crowd: Loris[] = []
    try {
      const port = Number(new URL(site.url).port)
      const { result: answers, growthMb } = await growthOf(site, async () => {
        for (let index = 0; index < CONNECTIONS[form]; index++) crowd.push(new Loris(port))
        const load = startLoad(site)
        const startedAt = performance.now()
        const limitMs = form === 'quick' ? QUICK_MS : CUT_OFF_MS
        while (performance.now() - startedAt < limitMs && crowd.some(({ closed }) => !closed)) {
          await sleep(HEADER_EVERY_MS)
          for (const loris of crowd) loris.drip()
        }
        log(`${crowd.filter(({ closed }) => closed).length} of ${crowd.length} were cut off`)
        return load.stop()
      })
      const left = crowd.filter(({ closed }) => !closed).length
      if (form !== 'quick' && left > 0)
        broken.push(`${left} connections were still open after ${CUT_OFF_MS} ms`)
      const slowest = Math.max(...answers.map(({ ms }) => ms))
      if (slowest > OTHERS_MS) broken.push(`a call beside took ${slowest} ms`)
      if (answers.some(({ kind }) => kind !== 'done')) broken.push('a call beside failed')
      return { ...(await settle(site, { answers, broken })), growthMb }
    } finally {
      for (const loris of crowd) loris.end()
      await site.close()
    }
  },
}
