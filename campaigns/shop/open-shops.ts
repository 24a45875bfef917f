import { setTimeout as sleep } from 'node:timers/promises'
import { createWorkspace } from '../../packages/server/src/account/create-workspace.ts'
import { ensureDefaultWorkspace } from '../../packages/server/src/account/default-workspace.ts'
import { makeOwnerLink, useLoginLink } from '../../packages/server/src/account/login-link.ts'
import { openContext } from '../../packages/server/src/app/open-context.ts'
import { readConfig } from '../../packages/server/src/config.ts'
import type { Context } from '../../packages/server/src/context.ts'
import { connectWithForm } from '../../packages/server/src/install/connect.ts'
import { installApp } from '../../packages/server/src/install/install-app.ts'
import { silentLog } from '../../packages/server/src/log.ts'
import { registerDefinition } from '../../packages/server/src/registry/register.ts'
import { apiClient } from '../../packages/server/test/api-client.ts'
import { WEBHOOK_SECRET } from '../../packages/server/test/market-app.ts'
import { APPS, shopDefinition } from './definition.ts'
import type { Shop } from './plan.ts'
import { installWitness } from './witness.ts'

/** The platform's own code on a database, without a server. */
export async function withPlatform<T>(
  env: Record<string, string>,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const config = readConfig(env, { terminal: false, workingDirectory: env['DATA_DIR'] ?? '.' })
  const { context, close } = await openContext(config, silentLog)
  try {
    return await work(context)
  } finally {
    await close()
  }
}

/** Makes the workspaces, connects their apps and watches the effects. @returns a token of each owner, by subdomain */
export async function openShops(context: Context, shops: readonly Shop[]): Promise<Map<string, string>> {
  await ensureDefaultWorkspace(context)
  for (const ns of APPS) await registerDefinition(context, shopDefinition(ns))
  const tokens = new Map<string, string>()
  for (const [subdomain, own] of Map.groupBy(shops, (shop) => shop.subdomain)) {
    const workspace = await createWorkspace(context, { subdomain, name: subdomain })
    const url = await makeOwnerLink(context, workspace.id)
    const link = url.slice(url.lastIndexOf('/') + 1)
    const { accessToken } = await useLoginLink(context, { workspace, link })
    tokens.set(subdomain, accessToken)
    for (const { ns } of own) {
      const key = { workspaceId: workspace.id, ns }
      await installApp(context, key)
      const credentials = { webhookSecret: WEBHOOK_SECRET }
      await connectWithForm(context, { ...key, subdomain, requestId: 'campaign', credentials })
    }
  }
  await installWitness(context.db)
  return tokens
}

const POLL_MS = 200
/** Between two polls, as often as a poll takes. */
const POLL_PAUSES = 9
/** Statuses of events that something is still to be done about. */
const UNSETTLED = ['received', 'processing']

/** Resolves when nothing is left to be processed in any of the workspaces. */
export async function untilProcessed({
  origin,
  tokens,
  withinMs,
}: {
  origin: string
  tokens: ReadonlyMap<string, string>
  withinMs: number
}): Promise<void> {
  const deadline = performance.now() + withinMs
  for (const [subdomain, token] of tokens) {
    const api = apiClient(`${origin}/w/${subdomain}`, token)
    for (const status of UNSETTLED) {
      for (;;) {
        const askedAt = performance.now()
        const { webhookEvents } = await api.call<{ webhookEvents: { data: unknown[] } }>(
          'query ($status: String) { webhookEvents(status: $status, first: 1) { data { _id } } }',
          { status },
        )
        if (webhookEvents.data.length === 0) break
        if (performance.now() > deadline) throw new Error(`Not processed after ${withinMs} ms.`)
        // Who asks is not to be what keeps the database from its work.
        await sleep(Math.max(POLL_MS, POLL_PAUSES * (performance.now() - askedAt)))
      }
    }
  }
}
