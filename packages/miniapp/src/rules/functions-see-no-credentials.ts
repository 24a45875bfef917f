import type { Rule } from './rule.ts'

/** `[[key]]` never appears in the `args` of a function step: functions never see credentials (1.2, 4.3). */
export const functionsSeeNoCredentials: Rule = ({ templates, report }) => {
  for (const { kind, placeholders } of templates) {
    if (kind !== 'args') continue
    for (const { syntax, key, pointer } of placeholders) {
      if (syntax !== 'credential') continue
      report(
        'credential-in-function-args',
        pointer,
        `\`[[${key}]]\` is a credential, and functions never see credentials; use it in an HTTP step, or pass something else.`,
      )
    }
  }
}
