import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { lockFound, webhookNotFound } from './edit-subscription.ts'
import { makeSecret, openSecrets, sealSecrets } from './secrets.ts'
import { findSubscription, type SubscriptionKey, updateSubscription } from './store.ts'
import type { Subscribed } from './subscribe.ts'

/** Specification 11. */
export const PREVIOUS_SECRET_MS = 24 * 60 * 60_000

/**
 * Makes a new secret; deliveries are signed with the old one too for a day. One that an earlier rotation left is forgotten.
 * @returns with the new secret, which is shown this once
 * @throws ApiError NOT_FOUND
 */
export async function rotateSecret(context: Context, key: SubscriptionKey): Promise<Subscribed> {
  for (;;) {
    const before = await findSubscription(context.db.sql, key)
    if (before === undefined) throw webhookNotFound()
    const { token, secret: previousSecret } = await openSecrets(context, key, before.secrets)
    const secrets = { token, secret: makeSecret(), previousSecret }
    const sealed = await sealSecrets(context, key, secrets)
    const rotated = await context.db.transaction(async (trx) => {
      const found = await lockFound(trx, key)
      // Somebody else rotated it meanwhile.
      if (!found.secrets.equals(before.secrets)) return undefined
      const { workspaceId, id: subjectId } = key
      await recordAct(context, trx, { workspaceId, kind: 'webhook.rotated', subjectId })
      const now = context.now()
      return updateSubscription(trx, key, {
        secrets: sealed,
        previousSecretExpiresAt: new Date(now + PREVIOUS_SECRET_MS),
        updatedAt: new Date(now),
      })
    })
    if (rotated) return { subscription: rotated, secrets: { token, secret: secrets.secret } }
  }
}
