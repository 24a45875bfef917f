/** JSON Pointers (RFC 6901) into a definition: how every finding and error says where it stands. */

export type PathSegment = string | number

/** `['actions', 0, 'a/b']` → `/actions/0/a~1b`; the root is the empty string. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((segment) => `/${escapeSegment(String(segment))}`).join('')
}

/** The pointer of a child. */
export function under(pointer: string, ...path: readonly PathSegment[]): string {
  return pointer + toPointer(path)
}

/** Segments of a pointer, unescaped; `''` → `[]`. */
export function pointerSegments(pointer: string): string[] {
  if (pointer === '') return []
  return pointer
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function escapeSegment(segment: string): string {
  // Validation makes hundreds of thousands of pointers, and nearly no name holds either.
  return /[~/]/.test(segment) ? segment.replaceAll('~', '~0').replaceAll('/', '~1') : segment
}
