import { DefinitionError } from '../expression/definition-error.ts'
import type { UrlPiece, UrlTemplate } from '../expression/url-template.ts'
import { pointerSegments } from '../schema/pointer.ts'
import { valueAt } from '../schema/walk.ts'
import type { Rule } from './rule.ts'

/** Highest port (RFC 9293, 3.1: 16 bits). */
const MAX_PORT = 65_535

/** Every request has a URL that can become an absolute one (4.2). */
export const urlsAreAbsolute: Rule = ({ requests, survey, report }) => {
  const seen = new Set<string>()
  for (const { url, urlPointer } of requests) {
    if (url === undefined || seen.has(urlPointer)) continue
    const problem =
      url instanceof DefinitionError ? unreadable(textAt(survey.document, urlPointer), url) : problemOf(url)
    if (problem === undefined) continue
    seen.add(urlPointer)
    const isEndpoint = urlPointer.startsWith('/sync/resources/') && survey.sync.value?.baseUrl === undefined
    const remedy = isEndpoint && url instanceof DefinitionError ? '; or `sync` needs a `baseUrl`' : ''
    report('malformed-url', urlPointer, `This URL cannot be used: ${problem}${remedy}.`)
  }
}

function textAt(document: unknown, pointer: string): string {
  return String(valueAt(document, pointerSegments(pointer)))
}

function unreadable(template: string, error: DefinitionError): string {
  if (template !== template.trim()) return 'it begins or ends with a space; remove it'
  if (/^https?:\/\/[^/?#@]*:(?![\d{[])[^/?#@]+(?:[/?#]|$)/.test(template)) return 'a port is a number'
  return error.message
}

/** What no value of a placeholder can mend. */
function problemOf({ host, port, path }: UrlTemplate): string | undefined {
  if (/\s/.test(literal(host))) return 'a host holds no space'
  if (/^https?$/i.test(literal(host)) && literal(path).startsWith('//'))
    return '"https://" stands in it twice'
  if (/\s$/.test(literal(path))) return 'it ends with a space; remove it'
  if (/\s/.test(literal(path))) return 'a space in a path is written %20'
  if (Number(literal(port)) > MAX_PORT) return `a port is at most ${MAX_PORT}`
  return undefined
}

/** The text around the placeholders, each of which is taken for a letter. */
function literal(pieces: readonly UrlPiece[]): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : 'x')).join('')
}
