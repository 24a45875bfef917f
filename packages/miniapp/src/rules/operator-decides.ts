import { childValue } from '../schema/walk.ts'
import type { Rule } from './rule.ts'

/** Properties that only the operator's own apps may have (1.1). */
const FIRST_PARTY = [
  { owner: undefined, name: 'provisioning' },
  { owner: 'webhook', name: 'merchantExtraction' },
  { owner: 'webhook', name: 'uninstallEvents' },
] as const

/** What reaches all workspaces at once, and who sees an app, is decided by the operator and not in a submission (1.1). */
export const operatorDecides: Rule = ({ by, survey, report }) => {
  if (by === 'operator') return
  for (const { owner, name } of FIRST_PARTY) {
    const place = owner === undefined ? survey.document : survey.document[owner]
    if (childValue(place, name) === undefined) continue
    report(
      'first-party-only',
      owner === undefined ? `/${name}` : `/${owner}/${name}`,
      `\`${name}\` is for apps of the operator alone; leave it out of a submission.`,
    )
  }
  if (survey.text('status') === 'public') {
    report(
      'public-submission',
      '/status',
      '`status` is `public`, which the operator decides after the review; submit the app as `private`.',
    )
  }
}
