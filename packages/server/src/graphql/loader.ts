import DataLoader from 'dataloader'
import type { RequestContext } from './request-context.ts'

/** What the loaders of a request have read. */
const loadersOf = new WeakMap<RequestContext, Set<{ clearAll: () => unknown }>>()

/**
 * Declares a batch read for fields of objects that come in lists, so that a list of twenty costs the statements of one.
 * Each request has a loader of its own, which reads a key once.
 *
 * @param read gets the keys of one batch, answers one value for each, in their order
 */
export function defineLoader<Key, Value>(
  read: (request: RequestContext, keys: readonly Key[]) => Promise<Value[]>,
): (request: RequestContext) => DataLoader<Key, Value> {
  const loaders = new WeakMap<RequestContext, DataLoader<Key, Value>>()
  return (request) => {
    const existing = loaders.get(request)
    if (existing !== undefined) return existing
    const loader = new DataLoader<Key, Value>((keys) => read(request, keys))
    loaders.set(request, loader)
    const others = loadersOf.get(request)
    if (others === undefined) loadersOf.set(request, new Set([loader]))
    else others.add(loader)
    return loader
  }
}

/** Before a mutation: the mutations of a request run one after the other, and each may change what was read. */
export function forgetLoaded(request: RequestContext): void {
  for (const loader of loadersOf.get(request) ?? []) loader.clearAll()
}
