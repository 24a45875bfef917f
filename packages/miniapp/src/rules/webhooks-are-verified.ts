import type { Rule } from './rule.ts'

/** A webhook that starts automations verifies its deliveries (1.2, level 3; 5.2). */
export const webhooksAreVerified: Rule = ({ survey, report }) => {
  const { pointer, value: webhook } = survey.webhook
  if (webhook === undefined || survey.triggers.length === 0) return
  const { verification } = webhook
  if (verification !== undefined && verification.type !== 'none') return
  report(
    'webhook-not-verified',
    verification === undefined ? pointer : `${pointer}/verification/type`,
    'Anybody who knows the address could start automations; add a `verification`, such as `{ "type": "hmac-sha256", "headerName": "X-Signature", "secretKey": "webhookSecret" }`.',
  )
}
