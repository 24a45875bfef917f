import { setTimeout as sleep } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import type { Schema } from '../db/schema.ts'
import { sealBag } from './bags.ts'
import { forgetInstall, type LiveInstall, openInstall } from './live-install.ts'
import {
  changeInstall,
  findInstall,
  type InstallChanges,
  type InstallKey,
  lockInstall,
  type StoredInstall,
} from './store.ts'
import { type InstallLook, tellOfInstall } from './tell.ts'

export interface LiveChange {
  /** Replaces the bag; absent: it stays. */
  credentials?: Record<string, unknown>
  columns: Omit<InstallChanges, 'credentials' | 'metadata'>
  /** Rows that change in the same transaction. */
  within?: (trx: Transaction<Schema>) => Promise<void>
}

/**
 * Others that changed the same install in between, or moments in which the database did not answer. What is stored here
 * often cannot be had again (a rotated refresh token, the id of a webhook), so it is not given up at the first.
 */
const CHANGE_ATTEMPTS = 8
/** Milliseconds before the second attempt, multiplied by the number of attempts so far. */
const ATTEMPT_WAIT_MS = 50

/**
 * Changes an install from what it holds: reads and opens it, lets `decide` say what to store, and stores that only
 * where nobody changed it in between, else begins again. `decide` may be called several times, also after a change of
 * its own that was committed although the database did not say so.
 *
 * @param decide `undefined`: nothing is to be changed
 * @returns the install as it is then; `undefined` where there is none
 */
export async function changeLive(
  context: Context,
  key: InstallKey,
  decide: (live: LiveInstall) => LiveChange | undefined,
): Promise<LiveInstall | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const install = await findInstall(context.db.sql, key)
      const live = install && (await openInstall(context, install))
      const change = live && decide(live)
      if (!change) return live
      if (await storeUnchanged(context, live, change)) {
        const changed = await findInstall(context.db.sql, key)
        return changed && (await openInstall(context, changed))
      }
      if (attempt === CHANGE_ATTEMPTS) throw new Error(`The install of ${key.ns} kept changing`)
    } catch (error) {
      if (attempt === CHANGE_ATTEMPTS || !isRetryable(error)) throw error
    }
    await sleep(ATTEMPT_WAIT_MS * attempt)
  }
}

/** @returns false where the install is not what `live` was read from */
async function storeUnchanged(context: Context, live: LiveInstall, change: LiveChange): Promise<boolean> {
  const { workspaceId, ns, id, revision } = live.install
  const key = { workspaceId, ns }
  const sealed =
    change.credentials && (await sealBag(context, key, { bag: 'credentials', value: change.credentials }))
  const stored = await context.db.transaction(async (trx) => {
    const current = await lockInstall(trx, key)
    if (current?.id !== id || current.revision !== revision) return false
    await changeInstall(trx, key, {
      ...change.columns,
      ...(sealed && { credentials: Buffer.from(sealed) }),
    })
    await tellOfInstall(context, trx, { before: current, after: lookAfter(current, change.columns) })
    await change.within?.(trx)
    return true
  })
  forgetInstall(context, key)
  return stored
}

/** A change of live connections is of their state, never of whose they are. */
function lookAfter(current: StoredInstall, { state, errorCode }: LiveChange['columns']): InstallLook {
  return {
    ...current,
    ...(state !== undefined && { state }),
    ...(errorCode !== undefined && { errorCode }),
  }
}
