import type { PoolClient } from 'pg'

/**
 * A `bytea` parameter in pieces, which may be large: they are sent as they lie in memory, and never put together into one.
 * Nobody may change them until the statement has ended.
 */
export class BytePieces {
  readonly pieces: readonly Uint8Array[]

  constructor(pieces: readonly Uint8Array[]) {
    this.pieces = pieces
  }
}

/** What `pg` hands to its connection for a statement with parameters. */
interface Bind {
  portal?: string
  statement?: string
  values: readonly unknown[]
  valueMapper: (value: unknown) => string | Buffer | null | undefined
}

interface Connection {
  bind(config: Bind): void
  _send(bytes: Uint8Array): void
}

/** Teaches a client to send {@link BytePieces} as they are. */
export function sendPieces(client: PoolClient): void {
  const { connection } = client as unknown as { connection: Connection }
  const bind = connection.bind.bind(connection)
  connection.bind = (config) => {
    if (!config.values.some((value) => value instanceof BytePieces)) return bind(config)
    // The stream is corked: what is written one by one goes out at once.
    for (const bytes of bindMessage(config)) connection._send(bytes)
  }
}

const TEXT = 0
const BINARY = 1
/** A message's length counts itself. */
const LENGTH_BYTES = 4

/** https://www.postgresql.org/docs/15/protocol-message-formats.html, "Bind": results as text. */
function bindMessage({ portal = '', statement = '', values, valueMapper }: Bind): Uint8Array[] {
  const parameters = values.map((value) => {
    if (value instanceof BytePieces) return { format: BINARY, bytes: value.pieces }
    const mapped = valueMapper(value)
    if (mapped === null || mapped === undefined) return { format: TEXT, bytes: undefined }
    return typeof mapped === 'string'
      ? { format: TEXT, bytes: [Buffer.from(mapped)] }
      : { format: BINARY, bytes: [mapped] }
  })
  const content = [
    Buffer.from(`${portal}\0${statement}\0`),
    int16(parameters.length, ...parameters.map(({ format }) => format), parameters.length),
    ...parameters.flatMap(({ bytes }) =>
      bytes === undefined ? [int32(-1)] : [int32(lengthOf(bytes)), ...bytes],
    ),
    int16(1, TEXT),
  ]
  return [Buffer.from('B'), int32(LENGTH_BYTES + lengthOf(content)), ...content]
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((length, piece) => length + piece.length, 0)
}

function int16(...numbers: number[]): Buffer {
  const bytes = Buffer.allocUnsafe(2 * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeInt16BE(number, 2 * index)
  return bytes
}

function int32(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(number)
  return bytes
}
