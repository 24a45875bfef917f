/**
 * A mistake of the definition that is found when it is compiled: a path that does not parse, an unknown transform,
 * a `[[key]]` in function arguments. Validation reports the same mistakes as findings first.
 */
export class DefinitionError extends Error {
  /** JSON Pointer into the definition. */
  readonly pointer: string

  constructor(pointer: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DefinitionError'
    this.pointer = pointer
  }
}
