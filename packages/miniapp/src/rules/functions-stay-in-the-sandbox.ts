import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** What authors reach for and the sandbox does not have (4.3). */
const UNAVAILABLE = [
  'fetch',
  'XMLHttpRequest',
  'require',
  'import',
  'Intl',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'Buffer',
  'window',
  'document',
  'await',
] as const

/** App Functions run without network, timers and modules, and synchronously (4.3). */
export const functionsStayInTheSandbox: Rule = ({ survey, report }) => {
  for (const [name, { pointer, value }] of survey.functions) {
    if (value === undefined) continue
    const code = withoutTextAndComments(value.code)
    for (const word of UNAVAILABLE) {
      if (
        value.params.includes(word) ||
        !new RegExp(`(?<![\\w$.])${word}(?![\\w$]|\\s*:)`).test(code) ||
        declares(code, word)
      )
        continue
      report(
        'function-uses-unavailable-global',
        under(pointer, 'code'),
        `The code of \`${name}\` names \`${word}\`, which the sandbox does not have; functions run at once, without network, timers or modules.`,
      )
    }
  }
}

/** Not a parser: enough to keep words inside strings and comments from being taken for code. */
function withoutTextAndComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, ' ')
}

function declares(code: string, word: string): boolean {
  return new RegExp(`\\b(?:const|let|var|function)\\s+${word}\\b`).test(code)
}
