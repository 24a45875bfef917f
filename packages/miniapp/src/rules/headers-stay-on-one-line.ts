import type { Rule } from './rule.ts'

/** Would end the header and start another (RFC 9110, 5.5). */
const LINE_BREAK = /[\r\n\0]/

/** The value of a header is one line (2.1, 4.2): sending one with a line break fails. */
export const headersStayOnOneLine: Rule = ({ requests, report }) => {
  const seen = new Set<string>()
  for (const { pointer, place, text } of requests.flatMap(({ texts }) => texts)) {
    if (seen.has(pointer) || place !== 'header' || !LINE_BREAK.test(text)) continue
    seen.add(pointer)
    report(
      'header-line-break',
      pointer,
      'The value of a header holds no line break, which would end it; write it on one line, without `\\n`.',
    )
  }
}
