import { nearestName } from '../schema/nearest-name.ts'
import { under } from '../schema/pointer.ts'
import { didYouMean, type Rule } from './rule.ts'

/** Each key of `sync.webhooks.handlers` is the event of a trigger, each `resource` exists (1.2). */
export const handlersMatch: Rule = ({ survey, report }) => {
  const { pointer, value: sync } = survey.sync
  const events = new Set(survey.triggers.flatMap(({ value }) => value?.event ?? []))
  const resources = Object.keys(sync?.resources ?? {})
  for (const [event, handler] of Object.entries(sync?.webhooks?.handlers ?? {})) {
    const at = under(pointer, 'webhooks', 'handlers', event)
    if (!events.has(event) && survey.isIntact('/triggers')) {
      report(
        'handler-without-trigger',
        at,
        `\`${event}\` is the event of no trigger; ${remedy(event, events)}`,
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

function remedy(event: string, events: ReadonlySet<string>): string {
  const near = nearestName(event, events)
  return near === undefined
    ? 'records change, but no automation can start from it.'
    : `did you mean \`${near}\`?`
}
