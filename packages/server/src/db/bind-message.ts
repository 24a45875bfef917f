/**
 * The message that gives a statement its parameters, in one buffer and in one pass. The driver's own begins with 256 bytes,
 * copies what it has whenever that is full, and calls natively for every short text: of a batch of rows that is most of
 * what writing it costs.
 */
import type { PoolClient } from 'pg'
import { BytePieces } from './byte-pieces.ts'

/** What `pg` hands to its connection for a statement with parameters. */
export interface Bind {
  portal?: string | undefined
  statement?: string | undefined
  values: readonly unknown[]
  valueMapper: (value: unknown) => string | Buffer | null | undefined
}

interface Connection {
  bind(config: Bind): void
  _send(bytes: Uint8Array): void
}

/** Teaches a client to write parameters by {@link bindMessage}. */
export function writeParameters(client: PoolClient): void {
  const { connection } = client as unknown as { connection: Connection }
  connection.bind = (config) => {
    // The stream is corked: what is written one by one goes out at once.
    for (const bytes of bindMessage(config)) connection._send(bytes)
  }
}

const BIND = 'B'.charCodeAt(0)
const TEXT = 0
const BINARY = 1
const INT16_BYTES = 2
const INT32_BYTES = 4
const TYPE_BYTES = 1
/** Length of a parameter that is null. */
const NULL = -1
/** Characters. A text up to so long is copied faster here than by a call of a native function. */
const SHORT_TEXT = 48
/** Bytes of one UTF-16 code unit in UTF-8, at most. */
const MOST_UTF8_BYTES = 3
const LAST_ASCII = 0x7f

type Parameter = string | Uint8Array | BytePieces | null

/**
 * https://www.postgresql.org/docs/15/protocol-message-formats.html, "Bind": results as text.
 * @returns the parts of the message in order; the bytes of {@link BytePieces} are parts of their own, as they lie in memory
 */
export function bindMessage({ portal = '', statement = '', values, valueMapper }: Bind): Uint8Array[] {
  const parameters = values.map((value): Parameter => {
    if (value instanceof BytePieces || typeof value === 'string') return value
    return valueMapper(value) ?? null
  })
  const writer = new MessageWriter(
    MOST_UTF8_BYTES * (portal.length + statement.length) +
      INT16_BYTES * (parameters.length + 6) +
      parameters.reduce((size: number, parameter) => size + INT32_BYTES + mostBytesOf(parameter), 0),
  )
  writer.zeroEnded(portal)
  writer.zeroEnded(statement)
  writer.int16(parameters.length)
  for (const parameter of parameters) {
    writer.int16(typeof parameter === 'string' || parameter === null ? TEXT : BINARY)
  }
  writer.int16(parameters.length)
  for (const parameter of parameters) writer.parameter(parameter)
  writer.int16(1)
  writer.int16(TEXT)
  return writer.finish()
}

/** Bytes in the buffer of the message, at most. */
function mostBytesOf(parameter: Parameter): number {
  if (parameter === null || parameter instanceof BytePieces) return 0
  if (typeof parameter !== 'string') return parameter.length
  return parameter.length <= SHORT_TEXT ? MOST_UTF8_BYTES * parameter.length : Buffer.byteLength(parameter)
}

class MessageWriter {
  readonly #buffer: Buffer
  #offset = TYPE_BYTES + INT32_BYTES
  /** Where the part begins that is being written. */
  #partStart = 0
  readonly #parts: Uint8Array[] = []
  #pieceBytes = 0

  /** @param mostBytes of everything but pieces, the type and length of the message excluded */
  constructor(mostBytes: number) {
    this.#buffer = Buffer.allocUnsafe(TYPE_BYTES + INT32_BYTES + mostBytes)
  }

  int16(number: number): void {
    this.#buffer[this.#offset++] = number >>> 8
    this.#buffer[this.#offset++] = number
  }

  zeroEnded(text: string): void {
    this.#text(text)
    this.#buffer[this.#offset++] = 0
  }

  parameter(parameter: Parameter): void {
    const lengthAt = this.#offset
    this.#offset += INT32_BYTES
    if (parameter === null) this.#int32At(NULL, lengthAt)
    else if (parameter instanceof BytePieces) this.#int32At(this.#pieces(parameter), lengthAt)
    else {
      if (typeof parameter === 'string') this.#text(parameter)
      else this.#bytes(parameter)
      this.#int32At(this.#offset - lengthAt - INT32_BYTES, lengthAt)
    }
  }

  finish(): Uint8Array[] {
    this.#endPart()
    this.#buffer[0] = BIND
    this.#int32At(this.#offset - TYPE_BYTES + this.#pieceBytes, TYPE_BYTES)
    return this.#parts
  }

  #text(text: string): void {
    const { length } = text
    if (length > SHORT_TEXT) {
      this.#offset += this.#buffer.write(text, this.#offset)
      return
    }
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code > LAST_ASCII) {
        this.#offset += this.#buffer.write(text, this.#offset)
        return
      }
      this.#buffer[this.#offset + index] = code
    }
    this.#offset += length
  }

  #bytes(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#offset)
    this.#offset += bytes.length
  }

  /** @returns how many bytes they have */
  #pieces({ pieces }: BytePieces): number {
    this.#endPart()
    let length = 0
    for (const piece of pieces) {
      this.#parts.push(piece)
      length += piece.length
    }
    this.#pieceBytes += length
    return length
  }

  #endPart(): void {
    this.#parts.push(this.#buffer.subarray(this.#partStart, this.#offset))
    this.#partStart = this.#offset
  }

  #int32At(number: number, offset: number): void {
    this.#buffer.writeInt32BE(number, offset)
  }
}
