import type { Comparison, DiffContext } from './comparison.ts'
import { quoted } from './words.ts'

/** `bearer_token` and `apikey` are the same path (3.1): both show a form. */
const SAME_PATH = {
  bearer_token: 'form',
  apikey: 'form',
  oauth2: 'popup',
  none: 'nothing',
} as const

/** Whether accounts are connected in the same way by both versions; otherwise every account has to be connected again. */
export function keepsAuth({ before, after }: Pick<DiffContext, 'before' | 'after'>): boolean {
  return SAME_PATH[before.auth.type] === SAME_PATH[after.auth.type]
}

/** How accounts are connected (3.1). */
export const compareAuthType: Comparison = (context) => {
  const [from, to] = [context.before.auth.type, context.after.auth.type]
  if (from === to) return
  if (keepsAuth(context)) {
    const reason =
      'The connect form has another name for the same way of connecting; nobody has to do anything.'
    context.report('auth-type-renamed', 'after', '/auth/type', reason)
    return
  }
  const again =
    to === 'none'
      ? 'What was connected is no longer used.'
      : 'Every workspace has to connect its account again.'
  context.report(
    'auth-type-changed',
    'after',
    '/auth/type',
    `Accounts were connected by ${quoted(from)} and now by ${quoted(to)}. ${again}`,
  )
}
