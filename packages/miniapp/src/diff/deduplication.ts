import type { WebhookDefinition } from '../document.ts'
import { isText } from '../schema/branch.ts'
import type { DiffContext } from './comparison.ts'
import { plainPath } from './plain-rule.ts'
import { same } from './same.ts'
import type { WebhookPair } from './webhook.ts'

type TransactionId = NonNullable<WebhookDefinition['transactionId']>
type IdPath = NonNullable<TransactionId['paths']>[number]

const POINTER = '/webhook/transactionId'
/** Seconds (5.4). */
const DEFAULT_WINDOW_SECONDS = 604_800

/** How repeated deliveries are told (5.4). `path` is the older spelling of one `paths`. */
export function compareDeduplication({ report }: DiffContext, { before, after }: WebhookPair): void {
  const [from, to] = [before.transactionId, after.transactionId]
  if (from === undefined && to === undefined) return
  if (from === undefined) {
    report('deduplication-added', 'after', POINTER, 'A delivery that the provider repeats is processed once.')
  } else if (to === undefined) {
    const reason = 'A delivery that the provider repeats is processed again: automations start twice.'
    report('deduplication-changed', 'before', POINTER, reason)
  } else if (!same(identity(from), identity(to))) {
    const reason =
      'Deliveries are told apart by another id: what counted as repeated may be processed, and what was processed may be dropped.'
    report('deduplication-changed', 'after', POINTER, reason)
  } else if (
    (from.windowSeconds ?? DEFAULT_WINDOW_SECONDS) !== (to.windowSeconds ?? DEFAULT_WINDOW_SECONDS)
  ) {
    report('behaviour-changed', 'after', POINTER, 'Deliveries are remembered for another time.')
  }
}

function identity({ path, paths, separator, fallback, overrides = {} }: TransactionId): unknown {
  const all = paths ?? (path === undefined ? [] : [path])
  const own = Object.entries(overrides).map(([event, override]) => [
    event,
    {
      paths: override.paths.map(plainIdPath),
      // Of one path nothing is joined.
      separator: override.paths.length > 1 ? (override.separator ?? separator ?? '_') : undefined,
    },
  ])
  return { paths: all.map(plainIdPath), separator, fallback, overrides: Object.fromEntries(own) }
}

function plainIdPath(path: IdPath): unknown {
  if (isText(path)) return { source: 'body', path: plainPath(path) }
  const plain = { body: plainPath(path.path), header: path.path.toLowerCase(), query: path.path }
  return { source: path.source, path: plain[path.source] }
}
