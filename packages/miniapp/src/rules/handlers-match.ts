import { under } from '../schema/pointer.ts'
import { didYouMean, type Rule } from './rule.ts'

/** Each key of `sync.webhooks.handlers` is the event of a trigger, each `resource` exists (1.2). */
export const handlersMatch: Rule = ({ survey, report }) => {
  const { pointer, value: sync } = survey.sync
  const events = new Set(survey.triggers.map(({ value }) => value?.event))
  const resources = Object.keys(sync?.resources ?? {})
  for (const [event, handler] of Object.entries(sync?.webhooks?.handlers ?? {})) {
    const at = under(pointer, 'webhooks', 'handlers', event)
    if (!events.has(event) && survey.isIntact('/triggers')) {
      report(
        'handler-without-trigger',
        at,
        `\`${event}\` is the event of no trigger; records change, but no automation can start from it.`,
      )
    }
    if ('resource' in handler && !resources.includes(handler.resource)) {
      report(
        'unknown-resource',
        under(at, 'resource'),
        `\`${handler.resource}\` is no key of \`resources\`; ${didYouMean(handler.resource, resources, '`resources`')}`,
      )
    }
  }
}
