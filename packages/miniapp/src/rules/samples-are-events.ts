import type { WebhookDefinition } from '../document.ts'
import { DefinitionError } from '../expression/definition-error.ts'
import type { Sample } from '../package/sample.ts'
import { under } from '../schema/pointer.ts'
import { compileEventExtraction, type ExtractEvent } from '../webhook/extract-event.ts'
import { didYouMean, type Rule, type RuleContext } from './rule.ts'

type EventExtraction = NonNullable<WebhookDefinition['eventExtraction']>

/** Each sample is the event that it says, and each trigger fires for one of them (1.2). */
export const samplesAreEvents: Rule = (context) => {
  const { survey, samples } = context
  const extraction = survey.webhook.value?.eventExtraction
  const extract = extraction && compiled(extraction)
  if (!extract) return
  const produced = samples.map((sample) => eventOf(extract, sample))
  samples.forEach((sample, index) => {
    checkSample(sample, produced[index], context)
  })
  checkTriggers({ extraction, extract, produced }, context)
}

/** `undefined` where a path does not parse: another rule says so. */
function compiled(eventExtraction: EventExtraction): ExtractEvent | undefined {
  try {
    return compileEventExtraction({ eventExtraction })
  } catch (error) {
    if (error instanceof DefinitionError) return undefined
    throw error
  }
}

function eventOf(extract: ExtractEvent, { headers = {}, query = {}, body }: Sample): string | undefined {
  return extract({ headers, query, body })
}

function checkSample({ file, event }: Sample, found: string | undefined, { report }: RuleContext): void {
  if (found === event) return
  const what =
    found === undefined ? 'No event is found in this delivery' : `This delivery is the event \`${found}\``
  report(
    'sample-event-differs',
    '/event',
    `${what}, not \`${event}\`; correct \`webhook.eventExtraction\` or its \`map\`, or the sample.`,
    file,
  )
}

interface Events {
  extraction: EventExtraction
  extract: ExtractEvent
  /** Of the samples of the package. */
  produced: readonly (string | undefined)[]
}

/** A trigger's own `sample` is a body: it speaks only where the event is read from nothing else. */
function checkTriggers({ extraction, extract, produced }: Events, { survey, report }: RuleContext): void {
  const known = new Set(produced.filter((event) => event !== undefined))
  for (const { pointer, value: trigger } of survey.triggers) {
    if (trigger === undefined || known.has(trigger.event)) continue
    const tellsEvent = trigger.sample !== undefined && readsBodyOnly(extraction)
    const own = tellsEvent ? extract({ headers: {}, query: {}, body: trigger.sample }) : undefined
    if (own === trigger.event) continue
    const place = under(pointer, 'event')
    if (tellsEvent) {
      const what = own === undefined ? 'no event is found in it' : `it is the event \`${own}\``
      report(
        'trigger-never-fires',
        place,
        `The \`sample\` of this trigger does not fire it: ${what}, not \`${trigger.event}\`.`,
      )
    } else if (produced.length > 0) {
      report(
        'trigger-never-fires',
        place,
        `No sample of the package is the event \`${trigger.event}\`; ${didYouMean(trigger.event, known, 'the package')} Add a sample where there is none yet.`,
      )
    }
  }
}

function readsBodyOnly({ source, compositeStrategy, fallback }: EventExtraction): boolean {
  const parts = compositeStrategy ? compositeStrategy.parts : [{ source }]
  return [...parts, ...(fallback ? [fallback] : [])].every((part) => part.source === 'body')
}
