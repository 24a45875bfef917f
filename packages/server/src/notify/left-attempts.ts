/** Attempts that a process had begun when it ended: they are made again, with the same ids. */
import type { Context } from '../context.ts'
import { freeLeft, type Held, PROMPT_CLAIMS } from '../jobs/left-claims.ts'
import {
  expectDeliveries,
  freeDeliveries,
  listHeldSubscriptions,
  lockSubscription,
  updateSubscription,
} from './store.ts'
import { wakeDelivery } from './wake.ts'

/** One look. @throws the error of the database */
export async function freeLeftAttempts(context: Context, signal?: AbortSignal): Promise<void> {
  const { db } = context
  const free = async (held: Held) => {
    for (const id of await listHeldSubscriptions(db, held)) await freeSubscription(context, held, id)
    wakeDelivery(context)
  }
  await freeLeft(db, { table: 'delivery', free }, signal)
}

async function freeSubscription({ db, now }: Context, held: Held, id: string): Promise<void> {
  const { workspaceId, holder } = held
  const key = { workspaceId, id }
  const at = new Date(now())
  await db.transaction(async (trx) => {
    const subscription = await lockSubscription(trx, key)
    if (subscription === undefined) return
    const ends = await freeDeliveries(trx, key, { holder, now: at, promptClaims: PROMPT_CLAIMS })
    // Open until the attempt that was to decide: another one does.
    const openUntil = subscription.circuitOpenUntil?.getTime()
    if (ends.some((end) => end.getTime() === openUntil)) {
      await updateSubscription(trx, key, { circuitOpenUntil: at })
    }
    await expectDeliveries(trx, { workspaceId, ids: [id], dueAt: at })
  })
}
