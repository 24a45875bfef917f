import type { Context } from '../context.ts'
import { EXPLAINED_MS } from './state.ts'
import { deleteExpiredBefore } from './store.ts'

/**
 * Deletes states and tickets, used or not, that expired more than a day ago; any number of processes may do so at once.
 * @returns how many rows went
 */
export function pruneAuthorizations(context: Context): Promise<number> {
  return deleteExpiredBefore(context.db, new Date(context.now() - EXPLAINED_MS))
}
