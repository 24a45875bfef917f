import { compilePattern } from '../input-pattern.ts'
import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** The `pattern` of a field of the connect form can be run on RE2 (3.1), which is what keeps it from taking forever. */
export const formPatternsAreUsable: Rule = ({ survey, report }) => {
  for (const [name, { pattern }] of Object.entries(survey.auth.form ?? {})) {
    if (pattern === undefined) continue
    try {
      compilePattern(pattern, 'whole')
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      report(
        'unusable-pattern',
        under('/auth/form', name, 'pattern'),
        `\`pattern\` is no regular expression that can be used (RE2: ${reason}); there is no look-around and no back reference.`,
      )
    }
  }
}
