/** Words of reasons: they are read by people who may never have seen the document. */

/** `“Create issue”` */
export function quoted(text: string): string {
  return `“${text}”`
}

/** `a`, `a and b`, `a, b and c` */
export function joined(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** Characters of a value that a reason shows: a long text says no more than its beginning. */
const MAX_SHOWN_CHARACTERS = 60

/** A value of a definition as a reason shows it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text
}
