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
