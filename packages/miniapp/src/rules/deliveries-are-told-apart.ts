import type { Rule } from './rule.ts'

/** A webhook that starts automations knows a delivery that is repeated (1.2, level 3; 5.4). */
export const deliveriesAreToldApart: Rule = ({ survey, report }) => {
  const { pointer, value: webhook } = survey.webhook
  if (webhook === undefined || survey.triggers.length === 0 || webhook.transactionId !== undefined) return
  report(
    'webhook-without-transaction-id',
    pointer,
    'Providers deliver an event again when in doubt, and each delivery would start the automations anew; add a `transactionId`, such as `{ "paths": ["$.event_id"] }` or `{ "paths": [{ "source": "header", "path": "X-Delivery-Id" }] }`.',
  )
}
