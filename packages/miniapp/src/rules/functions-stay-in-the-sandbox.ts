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

/** What does the same without it. */
const INSTEAD: Partial<Record<(typeof UNAVAILABLE)[number], string>> = {
  fetch: 'make the request in an HTTP step and pass what it answers as an argument',
  XMLHttpRequest: 'make the request in an HTTP step and pass what it answers as an argument',
  Buffer: 'use `atob` and `btoa`, or `TextEncoder` and `TextDecoder`',
  Intl: 'format the value by hand, or in a mapping with `transform`',
}

function instead(word: (typeof UNAVAILABLE)[number]): string {
  return INSTEAD[word] ?? 'functions run at once, without network, timers or modules'
}

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
        `The code of \`${name}\` names \`${word}\`, which the sandbox does not have; ${instead(word)}.`,
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
