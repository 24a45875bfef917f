import { AsyncLocalStorage } from 'node:async_hooks'
import { perContext } from '../cache.ts'

/** Who acts, as the audit log keeps it. */
export interface Author {
  accountId?: string
  tokenId?: string
  /** The token's name at that moment: it outlives the token here. */
  name?: string
  requestId: string
  /** The caller's network address; behind a trusted proxy that of the proxy's caller. */
  address?: string
}

/**
 * Who acts is no part of what is done, so it does not travel through the parameters of every use case: the edge says it
 * once for everything that a request causes.
 */
const authorsOf = perContext((_context: object) => new AsyncLocalStorage<Author>())

/** Runs `work`; the acts in it are the author's. */
export function actAs<T>(context: object, author: Author, work: () => T): T {
  return authorsOf(context).run(author, work)
}

/** @returns undefined where the platform acts by itself: at its start and in the background */
export function authorOf(context: object): Author | undefined {
  return authorsOf(context).getStore()
}
