import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** `expandDetails` and `endpoints.details` come together (6.2). */
export const detailsAreRead: Rule = ({ survey, report }) => {
  const { pointer, value: sync } = survey.sync
  for (const [key, { endpoints, expandDetails }] of Object.entries(sync?.resources ?? {})) {
    const at = under(pointer, 'resources', key)
    if (expandDetails === true && endpoints.details === undefined) {
      report(
        'details-incomplete',
        under(at, 'expandDetails'),
        '`expandDetails` is `true` and there is no `endpoints.details`; add the request that reads one item.',
      )
    }
    if (expandDetails === undefined && endpoints.details !== undefined) {
      report(
        'details-incomplete',
        under(at, 'endpoints', 'details'),
        '`details` is never requested; add `"expandDetails": true`, or leave it out.',
      )
    }
  }
}
