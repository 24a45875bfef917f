import type { Rule } from './rule.ts'

/** Headers that are never kept, because they carry credentials. */
const NEVER_KEPT = new Set(['authorization', 'cookie', 'set-cookie'])

/** A header path that names `Authorization`, `Cookie`, `Set-Cookie` or the verification header is an error (1.2). */
export const headersMayBeRead: Rule = ({ survey, mapping, report }) => {
  const verification = survey.webhook.value?.verification?.headerName?.toLowerCase()
  for (const { pointer, header, isInbound } of mapping.headers) {
    const name = header.toLowerCase()
    if (NEVER_KEPT.has(name)) {
      report(
        'forbidden-header-path',
        pointer,
        `The header \`${header}\` carries credentials and is never kept; read another header or the body.`,
      )
    } else if (isInbound && name === verification) {
      report(
        'forbidden-header-path',
        pointer,
        `The header \`${header}\` carries the signature and is never kept; read another header or the body.`,
      )
    }
  }
}
