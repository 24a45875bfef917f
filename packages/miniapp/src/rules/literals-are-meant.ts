import type { Rule } from './rule.ts'

/** `data.id`, `items[0].id`, `.id`; a host or a version would have other characters or another end. */
const LIKE_A_PATH = /^\.?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d*\])+$/
/** What a JavaScript client calls the answer. */
const ANSWER = /^(?:response|res|result|body|json)\.(?:data\.|body\.)?(?=\w)/

/** A text of a response mapping that does not start with `$` is taken as it is (2.3), which is rarely meant. */
export const literalsAreMeant: Rule = ({ mapping, report }) => {
  for (const { pointer, path: text } of mapping.literals) {
    const path = pathMeant(text.trim())
    if (path === undefined) continue
    report(
      'literal-like-path',
      pointer,
      `\`${text}\` is no path and is taken as it is; write \`${path}\`, or \`{ "value": … }\` for this very text.`,
    )
  }
}

function pathMeant(text: string): string | undefined {
  const [, placeholder] = /^(?:\{\{|\[\[)\s*([\w.]+)\s*(?:\}\}|\]\])$/.exec(text) ?? []
  if (placeholder !== undefined) return `$.${placeholder}`
  if (/^\/\w+(?:\/\w+)+$/.test(text))
    return `$${text.replaceAll(/\/(\d+)(?=\/|$)/g, '[$1]').replaceAll('/', '.')}`
  if (!LIKE_A_PATH.test(text)) return undefined
  const rest = text.replace(/^\./, '').replaceAll('[]', '[*]')
  return `$.${rest.replace(ANSWER, (start) => (/^(?:response|res)\.data\./.test(start) ? 'data.' : ''))}`
}
