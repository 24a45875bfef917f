import { compilePath, PathError } from '../expression/path.ts'
import { pathHint } from './path-hint.ts'
import type { Rule } from './rule.ts'

/** Each path expression parses (1.2, 2.2). */
export const pathsParse: Rule = ({ mapping, report }) => {
  for (const { pointer, path } of mapping.paths) {
    try {
      compilePath(path)
    } catch (error) {
      if (!(error instanceof PathError)) throw error
      report('malformed-path', pointer, `The path cannot be read: ${error.message}. ${pathHint(path)}`)
    }
  }
}
