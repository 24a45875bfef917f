import { compileQuery } from './path-query.ts'

/** A path compiled to closures. Reading never throws and only ever sees own properties. */
export interface CompiledPath {
  readonly source: string
  /** The path can select more than one node: it yields an array, empty where it selects none. */
  readonly multiple: boolean
  /**
   * The value at the path, `undefined` where there is none (an explicit `null` is `null`).
   * A path that starts with `$` reads `root`, any other reads `base`, which defaults to `root`.
   */
  read(root: unknown, base?: unknown): unknown
}

/** A path that does not parse. `position` counts characters of the source from 0. */
export class PathError extends Error {
  readonly position: number
  constructor(message: string, position: number, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'PathError'
    this.position = position
  }
}

/** Longest path that is parsed, in characters; the parser beyond the fast forms recurses into nested filters. */
export const MAX_PATH_LENGTH = 1000

/**
 * Compiles a path (specification 2.2). Names, indexes and quoted keys become closures; everything else is read as
 * JSONPath (RFC 9535). Beyond the RFC, a shorthand name may hold `-`, and in a path without `$` also blanks, `@`, `#`,
 * `:` and `/` (`First Name`, `Order.@id`, `x-total`).
 *
 * @throws PathError
 */
export function compilePath(source: string): CompiledPath {
  if (source.length > MAX_PATH_LENGTH) {
    throw new PathError(`a path has at most ${MAX_PATH_LENGTH} characters`, MAX_PATH_LENGTH)
  }
  if (source.trim() === '') throw new PathError('a path is not empty', 0)
  if (source.endsWith('.'))
    throw new PathError(`"${source}" is not a path: it ends with "."`, source.length - 1)
  if (source.startsWith('$')) return compileRooted(source)
  const segments = scanSegments(source, 0, BARE_NAME)
  if (segments === undefined) return compileBareQuery(source)
  const read = compileSegments(segments)
  return { source, multiple: false, read: (root, base = root) => read(base) }
}

/**
 * Compiles the key of a placeholder as a path: names run up to the next `.` or `[` whatever they hold, so that column
 * titles work (`row.Price (USD)`). `undefined` where it does not parse: such a key is only ever an exact one.
 */
export function compileKeyPath(key: string): CompiledPath | undefined {
  const segments = scanSegments(key, 0, KEY_NAME)
  if (segments === undefined || segments.includes('*')) return compileOrUndefined(key)
  const read = compileSegments(segments)
  return { source: key, multiple: false, read: (root, base = root) => read(base) }
}

function compileOrUndefined(key: string): CompiledPath | undefined {
  try {
    return compilePath(key)
  } catch (error) {
    if (error instanceof PathError) return undefined
    throw error
  }
}

function compileRooted(source: string): CompiledPath {
  const segments = scanSegments(source, 1, ROOTED_NAME)
  if (segments !== undefined) {
    const read = compileSegments(segments)
    return { source, multiple: false, read: (root) => read(root) }
  }
  const query = parseQuery(source, source)
  return { source, multiple: query.multiple, read: (root) => query.read(root, root) }
}

function compileBareQuery(source: string): CompiledPath {
  if (/^\.(?!\.)/.test(source)) throw new PathError(`"${source}" is not a path: it starts with "."`, 0)
  const query = parseQuery(source, /^(?:\[|\.\.)/.test(source) ? `$${source}` : `$.${source}`)
  return { source, multiple: query.multiple, read: (root, base = root) => query.read(root, base) }
}

function parseQuery(source: string, query: string) {
  try {
    return compileQuery(query)
  } catch (cause) {
    const added = query.length - source.length
    const position = Math.min(Math.max(positionOf(cause) - added, 0), source.length)
    throw new PathError(
      `"${source}" is not a path: ${reasonOf(cause)} at character ${position + 1}`,
      position,
      { cause },
    )
  }
}

function positionOf(cause: unknown): number {
  const token = (cause as { token?: { index?: unknown } } | null)?.token
  return typeof token?.index === 'number' ? token.index : 0
}

/** The parser's reason without the excerpt that it appends: `message ('excerpt':index)`. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  return message.replace(/ \('.*':\d+\)$/s, '')
}

type Segment = string | number

/**
 * Names and indexes of a path that selects one node by nothing else, whether it starts at `$` or not; `undefined` for any
 * other path.
 */
export function pathSegments(source: string): Segment[] | undefined {
  if (source === '' || source.endsWith('.')) return undefined
  return source.startsWith('$') ? scanSegments(source, 1, ROOTED_NAME) : scanSegments(source, 0, BARE_NAME)
}

const ROOTED_NAME = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*/y
const BARE_NAME =
  /[^\s.[\](){}'"`*?!=<>|,;+\\$\p{Cc}](?:[^.[\](){}'"`*?!=<>|,;+\\\p{Cc}]*[^\s.[\](){}'"`*?!=<>|,;+\\\p{Cc}])?/uy
const KEY_NAME = /[^\s.[\]$\p{Cc}](?:[^.[\]\p{Cc}]*[^\s.[\]\p{Cc}])?/uy
const INDEX = /\[(0|-?[1-9]\d{0,14})\]/y
const QUOTED_NAME = /\['([^'\\\p{Cc}]*)'\]|\["([^"\\\p{Cc}]*)"\]/uy

/** Splits the fast forms into names and indexes; `undefined` where the source is anything else. */
function scanSegments(source: string, start: number, name: RegExp): Segment[] | undefined {
  const segments: Segment[] = []
  let at = start
  while (at < source.length) {
    const nameAt = at === 0 ? at : source[at] === '.' ? at + 1 : undefined
    const found = scanBracket(source, at) ?? scanName(source, nameAt, name)
    if (found === undefined) return undefined
    segments.push(found.segment)
    at = found.end
  }
  return segments[0] === '@' ? undefined : segments
}

function scanBracket(source: string, at: number): { segment: Segment; end: number } | undefined {
  INDEX.lastIndex = at
  const index = INDEX.exec(source)
  if (index) return { segment: Number(index[1]), end: INDEX.lastIndex }
  QUOTED_NAME.lastIndex = at
  const quoted = QUOTED_NAME.exec(source)
  return quoted ? { segment: quoted[1] ?? quoted[2] ?? '', end: QUOTED_NAME.lastIndex } : undefined
}

function scanName(
  source: string,
  at: number | undefined,
  name: RegExp,
): { segment: Segment; end: number } | undefined {
  if (at === undefined) return undefined
  name.lastIndex = at
  const found = name.exec(source)
  return found ? { segment: found[0], end: name.lastIndex } : undefined
}

type Reader = (value: unknown) => unknown

function compileSegments(segments: readonly Segment[]): Reader {
  const readers = segments.map(segmentReader)
  const [first, second, third] = readers
  if (first === undefined) return (value) => value
  if (second === undefined) return first
  if (third === undefined) return (value) => second(first(value))
  if (readers.length === 3) return (value) => third(second(first(value)))
  return (value) => {
    let current = value
    for (const reader of readers) current = reader(current)
    return current
  }
}

function segmentReader(segment: Segment): Reader {
  if (typeof segment === 'number') return indexReader(segment)
  return isArrayName(segment) ? arrayNameReader(segment) : nameReader(segment)
}

/** Names that arrays own: there they are no keys of a JSON object. */
function isArrayName(name: string): boolean {
  return name === 'length' || /^\d+$/.test(name)
}

function nameReader(name: string): Reader {
  return (value) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined
}

function arrayNameReader(name: string): Reader {
  const read = nameReader(name)
  return (value) => (Array.isArray(value) ? undefined : read(value))
}

function indexReader(index: number): Reader {
  return (value) => {
    if (!Array.isArray(value)) return undefined
    const at = index < 0 ? value.length + index : index
    return at >= 0 && at < value.length ? value[at] : undefined
  }
}
