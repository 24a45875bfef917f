import { createHash } from 'node:crypto'
import { type CompiledSource, explained, MiniAppError, readOptions, type SourceOption } from 'miniapp'
import { BoundedCache, isFresh, perContext } from '../cache.ts'
import { allowsHttp, type Context, effectsFor } from '../context.ts'
import { callBudget } from '../install/call-budget.ts'
import type { LiveInstall } from '../install/live-install.ts'
import { runContextOf } from '../install/run-context.ts'
import { type Actor, priorityOf } from './actor.ts'
import { connectedInstall } from './connected-install.ts'

/** How long the options of a dropdown are kept per install and parameters (specification 4.5). */
export const OPTIONS_MAX_AGE_MS = 60_000
const OPTIONS_KEPT = 2_000
/** A form waits for its dropdown; what takes longer falls back to a text input. */
const OPTIONS_DEADLINE_MS = 30_000

export interface LoadOptions {
  actor: Actor
  miniAppNs: string
  sourceKey: string
  /** Picks another value field of the item (`valueFields`). */
  sourceRef?: string | null
  params?: Record<string, unknown>
  requestId: string
}

interface Entry {
  options: Promise<SourceOption[]>
  loadedAt: number
}

const cacheOf = perContext((_context: Context) => new BoundedCache<Entry>(OPTIONS_KEPT))

/**
 * The options of a dropdown. Identical requests at the same time share one call to the provider; answers are kept for
 * a minute, failures are not kept.
 * @throws MiniAppError with the codes of actions, so that a form can fall back to a text input
 */
export async function loadOptions(context: Context, request: LoadOptions): Promise<SourceOption[]> {
  const startedAt = context.now()
  const log = (status: string) =>
    context.log.info('source.loaded', {
      requestId: request.requestId,
      workspaceId: request.actor.workspaceId,
      ns: request.miniAppNs,
      source: request.sourceKey,
      status,
      durationMs: Math.round(context.now() - startedAt),
    })
  try {
    const options = await cachedOptions(context, request)
    log('ok')
    return options
  } catch (error) {
    log(error instanceof MiniAppError ? error.code : 'INTERNAL_ERROR')
    throw error instanceof MiniAppError
      ? explained(error, { part: { source: request.sourceKey }, steps: [] })
      : error
  }
}

async function cachedOptions(context: Context, request: LoadOptions): Promise<SourceOption[]> {
  const live = await connectedInstall(context, { actor: request.actor, ns: request.miniAppNs })
  const source = live.compiled.sources.get(request.sourceKey)
  if (!source) throw sourceNotFound(live, request)
  const params = keptParams(source, request.params ?? {})
  const cache = cacheOf(context)
  const name = cacheName(live, request, params)
  const found = cache.get(name)
  const now = context.now()
  if (found && isFresh(found.loadedAt, { now, maxAgeMs: OPTIONS_MAX_AGE_MS })) return found.options
  const options = callProvider(context, { request, live, source, params })
  const entry = { options, loadedAt: now }
  cache.set(name, entry)
  options.catch(() => cache.delete(name, entry))
  return options
}

async function callProvider(
  context: Context,
  {
    request,
    live,
    source,
    params,
  }: { request: LoadOptions; live: LiveInstall; source: CompiledSource; params: Record<string, unknown> },
): Promise<SourceOption[]> {
  const { subdomain, workspaceId } = request.actor
  const outcome = await readOptions(
    source,
    {
      ...(await runContextOf(context, { subdomain, live, input: params })),
      sourceRef: request.sourceRef ?? undefined,
    },
    effectsFor(context, workspaceId, callBudget(live, priorityOf(request.actor))),
    { deadlineMs: OPTIONS_DEADLINE_MS, allowHttp: allowsHttp(context) },
  )
  if (!outcome.ok) {
    const { compiled } = live
    throw explained(outcome.error, { part: { source: source.key }, compiled, steps: [outcome.step] })
  }
  return outcome.options
}

/** Only what reaches the request makes a difference between two requests. */
function keptParams(source: CompiledSource, params: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => source.params.has(name)))
}

/** The revision is part of it: another account's options are never shown, also within the minute. */
function cacheName(live: LiveInstall, request: LoadOptions, params: Record<string, unknown>): string {
  const { workspaceId, id, revision } = live.install
  const of = [
    workspaceId,
    id,
    revision,
    request.sourceKey,
    request.sourceRef ?? null,
    Object.entries(params).sort(),
  ]
  return createHash('sha256').update(JSON.stringify(of)).digest('base64url')
}

function sourceNotFound(live: LiveInstall, { miniAppNs, sourceKey }: LoadOptions): MiniAppError {
  const keys = [...live.compiled.sources.keys()]
  const list = keys.length > 0 ? ` Its sources are: ${keys.join(', ')}.` : ' It declares none.'
  return new MiniAppError('VALIDATION_ERROR', `"${miniAppNs}" has no source "${sourceKey}".${list}`)
}
