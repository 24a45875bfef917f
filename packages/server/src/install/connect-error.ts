import { MiniAppError } from 'miniapp'
import type { Context } from '../context.ts'
import { storable } from '../db/text.ts'
import { forgetInstall } from './live-install.ts'
import { type InstallKey, type LastConnectError, saveConnectError } from './store.ts'

/** Failed attempts that say something about the account; the others are about the form or about us. */
const KEPT_ERRORS: ReadonlySet<string> = new Set(['TEST_FAILED', 'DUPLICATE_INTEGRATION'])

/** Keeps why an attempt to connect failed as `lastConnectError` of the install (specification 3.2), where it is one of those. */
export async function keepConnectError(context: Context, key: InstallKey, error: unknown): Promise<void> {
  if (!(error instanceof MiniAppError) || !KEPT_ERRORS.has(error.code)) return
  const kept = connectErrorOf(context, error)
  await context.db.transaction((trx) => saveConnectError(trx, key, kept))
  forgetInstall(context, key)
}

/** @param code default: the error's own */
export function connectErrorOf(
  context: Context,
  { code, message }: MiniAppError,
  shown: string = code,
): LastConnectError {
  return storable({ code: shown, message, at: new Date(context.now()).toISOString() }).value
}
