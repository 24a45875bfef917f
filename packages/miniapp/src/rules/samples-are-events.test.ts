import { describe, expect, it } from 'vitest'
import { definitionWith } from '../../test/definition.ts'
import type { TriggerDefinition, WebhookDefinition } from '../document.ts'
import type { Sample } from '../package/sample.ts'
import { validate } from '../validate.ts'

type EventExtraction = NonNullable<WebhookDefinition['eventExtraction']>

const trigger = (event: string, more: Partial<TriggerDefinition> = {}): TriggerDefinition => ({
  type: 'miniapps:acme',
  event,
  img: 'a.svg',
  icon: 'Bell',
  label: event,
  description: event,
  isCustom: false,
  ...more,
})
const sample = (event: string, parts: Partial<Sample>): Sample => ({
  file: `samples/${event}.json`,
  body: {},
  event,
  ...parts,
})
const fromBody: EventExtraction = { source: 'body', path: 'event' }
const fromHeader: EventExtraction = {
  source: 'header',
  path: 'X-Topic',
  map: { 'orders/create': 'order.new' },
}

function told(
  eventExtraction: EventExtraction,
  triggers: TriggerDefinition[],
  samples: Sample[] = [],
): string[] {
  const document = definitionWith({ webhook: { eventExtraction }, triggers })
  return validate(document, { samples })
    .filter(({ code }) => ['trigger-never-fires', 'sample-event-differs'].includes(code))
    .map(({ code, file, path, message }) => `${code} ${file ?? ''}${path}: ${message}`)
}

describe('samples', () => {
  it('that are the event they say, of a trigger, say nothing', () => {
    const samples = [sample('order.new', { headers: { 'x-topic': 'orders/create' } })]
    expect(told(fromHeader, [trigger('order.new')], samples)).toEqual([])
  })

  it('that are another event, or none, are told with their file', () => {
    const samples = [
      sample('order.new', { headers: { 'x-topic': 'orders/created' } }),
      sample('order.paid', { query: { topic: 'order.paid' } }),
    ]
    expect(told(fromHeader, [], samples)).toEqual([
      'sample-event-differs samples/order.new.json/event: This delivery is the event `orders/created`, not `order.new`; correct `webhook.eventExtraction` or its `map`, or the sample.',
      'sample-event-differs samples/order.paid.json/event: No event is found in this delivery, not `order.paid`; correct `webhook.eventExtraction` or its `map`, or the sample.',
    ])
  })

  it('that are no event of a trigger leave it without one', () => {
    const samples = [sample('order.new', { body: { event: 'order.new' } })]
    expect(told(fromBody, [trigger('order.new'), trigger('order.nwe')], samples)).toEqual([
      'trigger-never-fires /triggers/1/event: No sample of the package is the event `order.nwe`; did you mean `order.new`? Add a sample where there is none yet.',
    ])
  })

  it('are not missed where the package has none', () => {
    expect(told(fromBody, [trigger('order.new')])).toEqual([])
  })
})

describe("a trigger's own sample", () => {
  it('fires it, or is told', () => {
    const fires = trigger('order.new', { sample: { event: 'order.new' } })
    const other = trigger('order.paid', { sample: { event: 'order.pay' } })
    const none = trigger('order.void', { sample: { id: 1 } })
    expect(told(fromBody, [fires, other, none]).map((one) => one.slice(0, 36))).toEqual([
      'trigger-never-fires /triggers/1/even',
      'trigger-never-fires /triggers/2/even',
    ])
  })

  it('says nothing about an event that a header names', () => {
    expect(told(fromHeader, [trigger('order.new', { sample: { id: 1 } })])).toEqual([])
    const composite = {
      parts: [
        { source: 'body' as const, path: 'a' },
        { source: 'header' as const, path: 'B' },
      ],
    }
    const mixed = { ...fromBody, compositeStrategy: composite }
    expect(told(mixed, [trigger('a.b', { sample: { a: 'a' } })])).toEqual([])
  })
})

it('a path that does not parse is told by its own rule alone', () => {
  const samples = [sample('a', { body: { event: 'a' } })]
  const findings = validate(
    definitionWith({
      webhook: { eventExtraction: { source: 'body', path: '$.[' } },
      triggers: [trigger('b', { sample: {} })],
    }),
    { samples },
  )
  expect(findings.map(({ code }) => code)).toEqual(['malformed-path'])
})
