import { nearestName } from 'miniapp/validate'
import type { Diagnosis } from './diagnosis.ts'

/** A name that was extracted, and how often; `undefined` for deliveries without a name. */
export interface Extracted {
  event: string | undefined
  count: number
}

/**
 * Whether triggers can fire: the names that were extracted against the events that are declared.
 *
 * @param declared events of the triggers
 */
export function silentTriggers(
  declared: readonly string[],
  extracted: readonly Extracted[],
): Omit<Diagnosis, 'name'> {
  const came = new Set(extracted.map(({ event }) => event))
  const undeclared = extracted.filter(({ event }) => event === undefined || !declared.includes(event))
  const silent = declared.filter((event) => !came.has(event))
  const fires = declared.length - silent.length
  const nameless = extracted.some(({ event }) => event === undefined)
  return {
    verdict: fires === 0 ? 'broken' : undeclared.length > 0 ? 'doubtful' : 'fine',
    what:
      fires === 0
        ? 'What came is the event of no trigger.'
        : `${fires} of ${declared.length} events of triggers came.`,
    facts: [
      ...extracted.map((one) => `${String(one.count).padStart(3)} × ${factOf(one, declared)}`),
      ...(silent.length > 0 ? [`never came: ${silent.join(', ')}`] : []),
    ],
    next: [
      ...(undeclared.some(({ event }) => event !== undefined)
        ? ['Rename it in eventExtraction.map, or declare a trigger whose "event" is that very text.']
        : []),
      ...(nameless
        ? [
            'Where no name is found, correct webhook.eventExtraction: source and path against headers and body.',
          ]
        : []),
    ],
  }
}

function factOf({ event, count: _count }: Extracted, declared: readonly string[]): string {
  if (event === undefined) return 'no name was found'
  if (declared.includes(event)) return `${event}, declared`
  const near = nearestName(event, declared)
  return `${event}, which no trigger declares${near === undefined ? '' : `; the nearest is ${near}`}`
}
