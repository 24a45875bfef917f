import { MiniAppError } from 'miniapp'
import type { Context } from '../context.ts'
import { findLiveInstall, type LiveInstall } from '../install/live-install.ts'
import { type Refusal, refusalOf } from '../install/state.ts'
import type { Actor } from './actor.ts'

const REFUSALS = {
  NOT_INSTALLED: (ns: string) =>
    `"${ns}" is not installed in this workspace. Install it, then connect an account.`,
  NOT_CONFIGURED: (ns: string) =>
    `"${ns}" is installed, but no account is connected. Connect one in its settings, then try again.`,
  AUTH_EXPIRED: (ns: string) =>
    `The connection of "${ns}" has expired: the provider no longer accepts it. Reconnect the account, then try again.`,
} as const

export function refused(code: keyof typeof REFUSALS, ns: string): MiniAppError {
  return new MiniAppError(code, REFUSALS[code](ns))
}

/** Why the actions and sources of an install may not run; `undefined` where they may. */
export function refusalOfLive({ install, compiled }: LiveInstall): Refusal | undefined {
  return refusalOf(install, compiled.definition.auth.type !== 'none')
}

/** @throws MiniAppError where the app is not installed, not connected, or its connection has expired */
export async function connectedInstall(
  context: Context,
  { actor, ns }: { actor: Actor; ns: string },
): Promise<LiveInstall> {
  const live = await findLiveInstall(context, { workspaceId: actor.workspaceId, ns })
  const refusal = live ? refusalOfLive(live) : 'NOT_INSTALLED'
  if (!live || refusal) throw refused(refusal ?? 'NOT_INSTALLED', ns)
  return live
}
