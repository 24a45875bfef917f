import type { RunContext } from 'miniapp'
import type { Context } from '../context.ts'
import type { LiveInstall } from './live-install.ts'
import { checkRefused, freshInstall, refreshInstall } from './refresh.ts'
import { systemOf } from './system-values.ts'

/**
 * What every request of an install sees, for actions and for sources, and what is done about a 401. Tokens that are about to
 * expire are refreshed before.
 * @throws MiniAppError AUTH_EXPIRED where the provider ended the grant
 */
export async function runContextOf(
  context: Context,
  { subdomain, live: known, input }: { subdomain: string; live: LiveInstall; input: Record<string, unknown> },
): Promise<RunContext> {
  const fresh = freshInstall(context, known, subdomain)
  const live = fresh instanceof Promise ? await fresh : fresh
  const { install, compiled, bags, redact, allowedHosts } = live
  const { autoRefresh, refreshToken } = compiled.auth
  return {
    bags,
    input,
    system: systemOf(context, install, subdomain),
    allowedHosts,
    redact,
    functions: compiled.definition.functions,
    ...(autoRefresh &&
      refreshToken && {
        refresh: (refused) => refreshInstall(context, { live, subdomain, refused }),
        checkRefused: (refused) => checkRefused(context, { live, subdomain, refused }),
      }),
  }
}
