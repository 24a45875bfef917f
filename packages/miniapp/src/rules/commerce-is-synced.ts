import { childValue } from '../schema/walk.ts'
import type { Rule } from './rule.ts'

/** `webhook.ecommerce` is known, so that old documents load, and no longer accepted (1.2, level 3). */
export const commerceIsSynced: Rule = ({ survey, report }) => {
  if (childValue(survey.document['webhook'], 'ecommerce') === undefined) return
  report(
    'deprecated-ecommerce',
    '/webhook/ecommerce',
    '`webhook.ecommerce` is no longer accepted; say what an event does to a record in `sync.webhooks.handlers`.',
  )
}
