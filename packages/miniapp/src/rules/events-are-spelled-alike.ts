import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'
import type { Survey } from './survey.ts'

/** An event that differs from a trigger's in punctuation or case alone is meant to be the same (5.3, 5.4). */
export const eventsAreSpelledAlike: Rule = ({ survey, report }) => {
  const events = survey.triggers.flatMap(({ value }) => (value === undefined ? [] : [value.event]))
  const handled = Object.keys(survey.sync.value?.webhooks?.handlers ?? {})
  const known = new Map([...handled, ...events].map((event) => [plain(event), event]))
  const exact = new Set([...handled, ...events])
  for (const { pointer, event } of mentions(survey)) {
    const meant = known.get(plain(event))
    if (meant === undefined || exact.has(event)) continue
    report(
      'misspelt-event',
      pointer,
      `\`${event}\` is no event of a trigger or handler; did you mean \`${meant}\`? Events are compared letter by letter.`,
    )
  }
}

function plain(event: string): string {
  return event.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function mentions({ webhook: { pointer, value } }: Survey): { pointer: string; event: string }[] {
  const { eventExtraction, transactionId, customerExtraction, uninstallEvents = [] } = value ?? {}
  const keys = (at: string, owner: object | undefined) =>
    Object.keys(owner ?? {}).map((event) => ({ pointer: under(at, event), event }))
  return [
    ...Object.entries(eventExtraction?.map ?? {}).map(([from, event]) => ({
      pointer: under(pointer, 'eventExtraction', 'map', from),
      event,
    })),
    ...keys(under(pointer, 'transactionId', 'overrides'), transactionId?.overrides),
    ...keys(under(pointer, 'customerExtraction', 'overrides'), customerExtraction?.overrides),
    ...uninstallEvents.map((event, index) => ({ pointer: under(pointer, 'uninstallEvents', index), event })),
  ]
}
