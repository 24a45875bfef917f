import { withReplacedSecret } from 'miniapp'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { changeLive } from './change-live.ts'
import { notInstalled } from './install-app.ts'
import type { LiveInstall } from './live-install.ts'
import { newWebhookSecret, type RegistrationRun, register } from './registration.ts'
import { registrationStatus } from './state.ts'

/**
 * Replaces the secret that the provider signs deliveries with, where it was made here, and registers again with the new
 * one. The former one counts beside it for a day ({@link FORMER_SECRET_MS} of `webhook/receiver.ts`): deliveries under way are
 * signed with it. A process that ends in the middle leaves a registration that is resumed.
 * @returns the install afterwards; its registration may have failed, and can be retried
 * @throws ApiError NOT_FOUND, or BAD_USER_INPUT where there is no such secret or the registration is not complete
 */
export async function rotateWebhookSecret(context: Context, run: RegistrationRun): Promise<LiveInstall> {
  const { workspaceId, ns } = run
  const secret = newWebhookSecret()
  let refusal: string | undefined
  const claim = await changeLive(context, run, ({ install, compiled, bags }) => {
    refusal = undefined
    // A commit of which the database did not say whether it happened.
    if (bags.credentials['webhookSecret'] === secret) return undefined
    const credentials = withReplacedSecret(compiled.auth, bags.credentials, secret)
    if (credentials === undefined) {
      refusal = `The secret of "${ns}" was not made here: replace it at the provider, then in the credentials or the app config.`
    } else if (install.state !== 'connected' || registrationStatus(install, context.now()) !== 'none') {
      refusal = `"${ns}" is not connected, or its registration is not complete. Connect it or retry that first.`
    }
    if (credentials === undefined || refusal !== undefined) return undefined
    const now = new Date(context.now())
    const pendingRegistrations = compiled.auth.registrationRequests.length
    return {
      credentials,
      columns: { webhookSecretRotatedAt: now, pendingRegistrations, connectingSince: now },
      within: (trx) => recordAct(context, trx, { workspaceId, ns, kind: 'secret.rotated' }),
    }
  })
  if (claim === undefined) throw notInstalled(ns)
  if (refusal !== undefined) throw new ApiError('BAD_USER_INPUT', refusal)
  const registered = await register(context, { ...run, claim })
  if (registered === undefined) throw notInstalled(ns)
  return registered
}
