import { Duplex } from 'node:stream'
import type { EmbeddedEngine } from './embedded-engine.ts'
import type { EmbeddedSession } from './embedded-session.ts'
import { DatabaseUnavailableError } from './error.ts'

/** First byte of the protocol's Terminate message. PGlite does not answer it. */
const TERMINATE = 'X'.charCodeAt(0)

/**
 * What `pg` takes for a TCP socket (its `stream` option): the other end is the embedded database. So both engines have
 * the same driver, down to the parser of the wire protocol.
 *
 * `pg` corks the socket while it writes the messages of one query, so a query is one message between the threads.
 */
export class EmbeddedSocket extends Duplex {
  readonly #engine: EmbeddedEngine
  #session: EmbeddedSession | undefined

  constructor(engine: EmbeddedEngine) {
    super()
    this.#engine = engine
  }

  connect(): this {
    this.#engine.session().then(
      (session) => {
        if (this.destroyed) return
        this.#session = session
        void session.lost.then((error) => this.destroy(error))
        this.emit('connect')
      },
      (error: Error) => this.destroy(error),
    )
    return this
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send([chunk], done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    )
  }

  override _final(done: () => void): void {
    this.push(null)
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#session?.reset()
    this.#session = undefined
    done(error)
  }

  #send(chunks: readonly Buffer[], done: (error?: Error | null) => void): void {
    if (chunks[0]?.[0] === TERMINATE) {
      done()
      return
    }
    if (!this.#session) {
      done(new DatabaseUnavailableError('The embedded database is not connected.'))
      return
    }
    this.#session.request(joined(chunks)).then((answer) => {
      this.push(Buffer.from(answer.buffer))
      done()
    }, done)
  }

  // `pg` sets up its socket and lets it keep the process alive or not; threads need none of it.
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

/** In memory of their own. */
function joined(chunks: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
