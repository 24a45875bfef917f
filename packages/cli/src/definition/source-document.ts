/** A stretch of a file's text, in UTF-16 code units. */
export interface Span {
  offset: number
  length: number
}

/** Which part of a member a message is about. */
export type Part = 'name' | 'value'

/**
 * Where the value at a JSON Pointer stands; where there is none, the nearest value around it. `undefined` where a module
 * computes what it exports.
 */
export type Locate = (pointer: string, part: Part) => Span | undefined

/** Why a text, or what a module exports, is no document. */
export interface SyntaxFault {
  /** Default `syntax`. */
  code?: 'syntax' | 'module'
  message: string
  span?: Span
}

export type ParsedSource = { ok: true; value: unknown; locate: Locate } | { ok: false; faults: SyntaxFault[] }
