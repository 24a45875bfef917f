import type { RunContext } from 'miniapp'
import type { Context } from '../context.ts'
import type { LiveInstall } from './live-install.ts'
import { checkRefused, refreshInstall } from './refresh.ts'
import { systemValues } from './system-values.ts'

/** What every request of an install sees, for actions and for sources, and what is done about a 401. */
export function runContextOf(
  context: Context,
  { subdomain, live, input }: { subdomain: string; live: LiveInstall; input: Record<string, unknown> },
): RunContext {
  const { install, compiled, bags, redact, allowedHosts } = live
  const { autoRefresh, refreshToken } = compiled.auth
  return {
    bags,
    input,
    system: systemValues(context, { subdomain, ns: install.ns, uid: install.uid }),
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
