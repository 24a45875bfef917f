import type { WebhookDefinition } from '../document.ts'
import type { DiffContext } from './comparison.ts'
import { byName } from './members.ts'
import { plainPath, withoutDefaults } from './plain-rule.ts'
import { same } from './same.ts'
import type { WebhookPair } from './webhook.ts'
import { joined } from './words.ts'

type Extraction = NonNullable<WebhookDefinition['eventExtraction']>
type Reading = Pick<Extraction, 'source' | 'path'>

const POINTER = '/webhook/eventExtraction'

/** How an event gets its name (5.3): the events of triggers and handlers are exactly these names. */
export function compareEventNames(context: DiffContext, { before, after }: WebhookPair): void {
  const [from, to] = [before.eventExtraction, after.eventExtraction]
  if (from === undefined && to === undefined) return
  if (from === undefined || to === undefined) {
    const code = to === undefined ? 'event-names-changed' : 'event-names-added'
    const reason =
      to === undefined ? 'Events have no name any more: nothing starts on them.' : 'Events get a name.'
    context.report(code, to === undefined ? 'before' : 'after', POINTER, reason)
    return
  }
  if (!same(primary(from), primary(to))) {
    const reason =
      'The name of an event is read from another place: what starts on its name so far may never start.'
    context.report('event-names-changed', 'after', POINTER, reason)
  } else {
    compareFallback(context, from, to)
  }
  compareNames(context, from, to)
}

function compareFallback({ report }: DiffContext, before: Extraction, after: Extraction): void {
  const [from, to] = [before.fallback && reading(before.fallback), after.fallback && reading(after.fallback)]
  if (same(from, to)) return
  if (from === undefined)
    report(
      'event-names-added',
      'after',
      `${POINTER}/fallback`,
      'Events without a name are named by another value.',
    )
  else
    report(
      'event-names-changed',
      to === undefined ? 'before' : 'after',
      `${POINTER}/fallback`,
      'Events that were named by the fallback get another name, or none.',
    )
}

function compareNames(context: DiffContext, before: Extraction, after: Extraction): void {
  const [from, to] = [byName(before.map), byName(after.map)]
  const known = new Set([
    ...(context.before.triggers ?? []).map(({ event }) => event),
    ...Object.keys(context.before.sync?.webhooks?.handlers ?? {}),
  ])
  const nameOf = (map: ReadonlyMap<string, string>, topic: string) => map.get(topic) ?? topic
  const moved = [...new Set([...from.keys(), ...to.keys()])].filter(
    (topic) => nameOf(from, topic) !== nameOf(to, topic),
  )
  const lost = moved.filter((topic) => known.has(nameOf(from, topic)))
  const side = after.map === undefined ? 'before' : 'after'
  if (lost.length > 0) {
    const names = joined([...new Set(lost.map((topic) => nameOf(from, topic)))])
    const reason = `The provider's ${joined(lost)} no longer counts as ${names}: what starts on it never starts.`
    context.report('event-names-changed', side, `${POINTER}/map`, reason)
  } else if (moved.length > 0) {
    const reason = `The provider's ${joined(moved)} gets another name, on which nothing started so far.`
    context.report('event-names-added', side, `${POINTER}/map`, reason)
  }
}

function primary({ source, path, compositeStrategy }: Extraction): unknown {
  if (compositeStrategy === undefined) return reading({ source, path })
  const { parts, ...rest } = compositeStrategy
  return { ...withoutDefaults(rest, { separator: '.' }), parts: parts.map(reading) }
}

/** Header names in any case are one; paths in any spelling; query names are exact. */
function reading({ source, path }: Reading): Reading {
  const plain = { body: plainPath(path), header: path.toLowerCase(), query: path }
  return { source, path: plain[source] }
}
