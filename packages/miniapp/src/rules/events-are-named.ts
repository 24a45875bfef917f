import type { Rule } from './rule.ts'

/** Triggers and handlers find their event by name, so a webhook with any of them says where the name is (5.3). */
export const eventsAreNamed: Rule = ({ survey, report }) => {
  const { pointer, value: webhook } = survey.webhook
  if (webhook === undefined || webhook.eventExtraction !== undefined) return
  const handlers = Object.keys(survey.sync.value?.webhooks?.handlers ?? {})
  if (survey.triggers.length === 0 && handlers.length === 0) return
  report(
    'webhook-without-event',
    pointer,
    'Every delivery would be `unknown`, and nothing would start from it; add an `eventExtraction`, such as `{ "source": "body", "path": "$.event" }`.',
  )
}
