import { type Bags, type CompiledDefinition, type RunContext, runRefresh, runUnregistration } from 'miniapp'
import { allowsHttp, type Context, effectsFor } from '../context.ts'
import type { LiveInstall } from './live-install.ts'
import { systemValues } from './system-values.ts'

/**
 * All requests together: somebody waits for the answer of the disconnect. With 30 s for a refresh still below
 * `REGISTRATION_LEFT_MS`: nobody takes a reconnect for left meanwhile.
 */
const UNREGISTRATION_DEADLINE_MS = 20_000

export interface Unregistration {
  /** The connection that ends, with the bags that it had. */
  live: LiveInstall
  subdomain: string
  /** What a 401 is answered with; default: refreshed in memory, because nothing is stored of a connection that is gone. */
  refresh?: RunContext['refresh']
}

/**
 * Undoes at the provider what registration made (specification 3.1, `unregistrationRequests`). A failure is logged and
 * blocks nothing. Never rejects.
 */
export async function unregister(
  context: Context,
  { live, subdomain, refresh }: Unregistration,
): Promise<void> {
  const { install, compiled, bags } = live
  const { workspaceId, ns } = install
  if (compiled.auth.unregistrationRequests.length === 0) return
  const startedAt = context.now()
  const system = systemValues(context, { subdomain, ns, uid: install.uid })
  const inMemory = (refused: Bags) => refreshInMemory(context, { compiled, system, workspaceId, refused })
  const failures = await runUnregistration(
    compiled,
    { bags, system, ...(compiled.auth.autoRefresh && { refresh: refresh ?? inMemory }) },
    effectsFor(context, workspaceId),
    {
      deadlineMs: UNREGISTRATION_DEADLINE_MS,
      allowHttp: allowsHttp(context),
    },
  )
  const [first] = failures
  context.log[first ? 'warn' : 'info']('install.unregistered', {
    workspaceId,
    ns,
    status: first ? first.code : 'ok',
    durationMs: Math.round(context.now() - startedAt),
    ...(first && { failures: failures.length, reason: first.message }),
  })
}

async function refreshInMemory(
  context: Context,
  run: { compiled: CompiledDefinition; system: Record<string, unknown>; workspaceId: string; refused: Bags },
): ReturnType<NonNullable<RunContext['refresh']>> {
  const { compiled, system, workspaceId, refused } = run
  const outcome = await runRefresh(compiled, { bags: refused, system }, effectsFor(context, workspaceId), {
    deadlineMs: UNREGISTRATION_DEADLINE_MS,
    allowHttp: allowsHttp(context),
  })
  if (outcome.kind !== 'refreshed') return undefined
  return { bags: { ...refused, credentials: outcome.credentials }, refreshed: true }
}
