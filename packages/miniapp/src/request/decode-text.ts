/** What `Content-Type` says of a body: shared by answers of providers and by what they deliver. */

export const FORM_TYPE = 'application/x-www-form-urlencoded'

/** JSON by name, whatever the vendor prefix: `application/json`, `application/problem+json`, `text/json`. */
export const JSON_TYPE = /^(?:application|text)\/(?:[\w.+-]+\+)?json$|^application\/(?:x-)?javascript$/

const UTF8 = new TextDecoder('utf-8')

/** A name that occurs several times has a list of values. */
export function fieldsOf(text: string): Record<string, unknown> {
  const fields = new Map<string, string | string[]>()
  for (const [name, value] of new URLSearchParams(text)) {
    const known = fields.get(name)
    if (known === undefined) fields.set(name, value)
    else if (typeof known === 'string') fields.set(name, [known, value])
    else known.push(value)
  }
  return Object.fromEntries(fields)
}

/** In lower case; empty where the header does not say. */
export function parseContentType(header: string): { type: string; charset: string } {
  const end = header.indexOf(';')
  const type = (end < 0 ? header : header.slice(0, end)).trim().toLowerCase()
  if (end < 0) return { type, charset: '' }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(header)?.[1] ?? ''
  return { type, charset: charset.toLowerCase() }
}

/** By byte order mark, then by charset, else UTF-8. */
export function decodeText(bytes: Uint8Array, charset: string): string {
  const label = byteOrderMark(bytes) ?? charset
  if (label === '' || label === 'utf-8' || label === 'utf8') return UTF8.decode(bytes)
  try {
    return new TextDecoder(label).decode(bytes)
  } catch {
    // A label nobody knows says nothing; UTF-8 is what nearly everybody sends.
    return UTF8.decode(bytes)
  }
}

/** WHATWG Encoding, "decode": a byte order mark wins over any label. */
function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return undefined
}
