import type { ServerResponse } from 'node:http'
import type { LiveMessage } from './live-message.ts'
import { type Place, placeText } from './live-resume.ts'

/** Messages that wait to be written: while the caller's rights are asked for, and while the stored log is read. */
const MAX_WAITING_MESSAGES = 2_000
/** Bytes that the reader has not taken yet. Slower readers are cut off; they come back and resume. */
export const MAX_UNREAD_BYTES = 256 * 1024
/** Milliseconds before a browser comes back. */
const RETRY_MS = 3_000

interface StreamOptions {
  response: ServerResponse
  place: Place
  now(): number
  /** Whether the caller may still read; asked before anything is written. */
  isAllowed(): Promise<boolean>
  /** Only of this app. */
  ns: string | undefined
  onEnd(reason: 'closed' | 'slow' | 'refused' | 'stopped'): void
}

/** Server-sent events to one reader (https://html.spec.whatwg.org/multipage/server-sent-events.html), in bounded memory. */
export class LiveStream {
  readonly #options: StreamOptions
  readonly #place: Place
  #waiting: LiveMessage[] = []
  #isHeld = true
  #isWriting = false
  #isEnded = false

  constructor(options: StreamOptions) {
    this.#options = options
    this.#place = { ...options.place }
    options.response.once('close', () => this.end('closed'))
    options.response.write(`retry: ${RETRY_MS}\nid: ${placeText(this.#place)}\n\n`)
  }

  /** Until {@link release} messages wait. */
  tell(messages: readonly LiveMessage[]): void {
    const { ns } = this.#options
    const wanted = messages.filter((message) => !ns || message.ns === undefined || message.ns === ns)
    if (this.#isEnded || wanted.length === 0) return
    if (this.#waiting.length + wanted.length > MAX_WAITING_MESSAGES) {
      this.end('slow')
      return
    }
    this.#waiting.push(...wanted)
    if (!this.#isHeld) void this.#write()
  }

  /** Writes what the stored log had, then what has come meanwhile, and from now on what comes. */
  release(missed: readonly LiveMessage[]): void {
    this.#waiting.unshift(...missed)
    this.#isHeld = false
    void this.#write()
  }

  /** Shows that the connection lives, and that the caller may still read. */
  async beat(): Promise<void> {
    if (!(await this.#mayWrite())) return
    this.#send(`: ${new Date(this.#options.now()).toISOString()}\n\n`)
  }

  end(reason: 'closed' | 'slow' | 'refused' | 'stopped'): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#waiting = []
    const { response, onEnd } = this.#options
    // A reader that takes nothing in would not take the end in either.
    if (reason === 'slow') response.destroy()
    else response.end()
    onEnd(reason)
  }

  async #mayWrite(): Promise<boolean> {
    if (this.#isEnded) return false
    const isAllowed = await this.#options.isAllowed().catch(() => false)
    if (!isAllowed) this.end('refused')
    return !this.#isEnded
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return
    this.#isWriting = true
    while (this.#waiting.length > 0 && (await this.#mayWrite())) {
      const messages = this.#waiting.splice(0)
      this.#send(messages.map((message) => this.#textOf(message)).join(''))
    }
    this.#isWriting = false
  }

  #send(text: string): void {
    const { response } = this.#options
    response.write(text)
    if (response.writableLength > MAX_UNREAD_BYTES) this.end('slow')
  }

  /** JSON holds no line break, so that a message is one line of data. */
  #textOf({ event, id, data }: LiveMessage): string {
    if (id !== undefined && id > this.#place.eventId) this.#place.eventId = id
    this.#place.at = this.#options.now()
    return `event: ${event}\nid: ${placeText(this.#place)}\ndata: ${JSON.stringify(data)}\n\n`
  }
}
