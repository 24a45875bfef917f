import type { Rule } from './rule.ts'

/** A numbered line: `1. Open …`, `2) Copy …`, `### 1. Make …`, `Step 1: …`, `**1.** …`; digits of any script. */
const NUMBERED_STEP =
  /^[ \t>]*(?:#{1,6}[ \t]+)?[*_]{0,2}(?:(?:step|الخطوة)[ \t]+)?\p{Nd}+[*_]{0,2}(?:[.):،]|[ \t]*[-–—])/imu
/** The line of dashes under the head of a Markdown table. */
const TABLE =
  /^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$|^[ \t]*\|[ \t]*:?-{2,}:?[ \t]*\|[ \t]*$/m

/** The description says how an app is set up, and which events start automations (1.1). */
export const descriptionGuides: Rule = ({ survey, report }) => {
  const description = survey.text('description')
  if (description === undefined) return
  if (survey.auth.type !== 'none' && survey.auth.type !== undefined && !NUMBERED_STEP.test(description)) {
    report(
      'description-without-steps',
      '/description',
      '`description` has no numbered steps; say how an account is connected: `1. Open …`, `2. Copy …`, each on a line of its own.',
    )
  }
  if (survey.triggers.length > 0 && !TABLE.test(description)) {
    report(
      'description-without-events',
      '/description',
      '`description` has no table of events; add one in Markdown, with a line for each trigger below `| event | when |` and `| --- | --- |`.',
    )
  }
}
