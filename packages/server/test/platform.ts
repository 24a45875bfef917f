/** The platform without its HTTP edge: every part real, on a fresh database, with a clock that a test moves. */
import { randomBytes } from 'node:crypto'
import { createWorkspace } from '../src/account/create-workspace.ts'
import type { Actor } from '../src/action/actor.ts'
import { readConfig } from '../src/config.ts'
import type { Context } from '../src/context.ts'
import { createSend, type EgressSettings } from '../src/http/send.ts'
import { createBudget } from '../src/limit/budget.ts'
import { createRateLimit } from '../src/limit/rate-limit.ts'
import { silentLog } from '../src/log.ts'
import { createSandbox, type Sandbox } from '../src/sandbox/run-function.ts'
import { createKeyRing } from '../src/secret/key-ring.ts'
import { createVault } from '../src/secret/vault.ts'
import { testDatabase } from './database.ts'

/** Of a function that ends by itself, however busy the machine is. */
const FUNCTION_LIMIT_MS = 300_000

export interface TestPlatform {
  /** A second server on the same database, with caches of its own; `undefined` on the embedded engine. */
  secondServer(): Promise<{ context: Context; close(): Promise<void> } | undefined>
  context: Context
  clock: { now: number }
  /** A workspace of its own and somebody in it. */
  newActor(subdomain: string): Promise<Actor>
  close(): Promise<void>
}

/**
 * @param origins where the origins of definitions really are, for example `{ 'https://ledger.example': proxy.origin }`
 * @param egress what differs in the outbound client
 */
export async function testPlatform(
  origins: Record<string, string>,
  egress: Pick<EgressSettings, 'resolve'> = {},
): Promise<TestPlatform> {
  const db = await testDatabase()
  const clock = { now: Date.now() }
  const now = () => clock.now
  const providerOrigins = new Map(Object.entries(origins))
  const outbound = createSend({ allowPrivateNetworks: [], providerOrigins, ...egress })
  const sandbox = sandboxWhenNeeded()
  const settings = { SAAS_API_URL: 'http://localhost/w/{subdomain}', OAUTH_BASE_URL: 'http://localhost' }
  const context: Context = {
    config: readConfig(settings, { terminal: false, workingDirectory: '/' }),
    db,
    send: outbound.send,
    originalUrl: outbound.originalUrl,
    vault: createVault({ keyRing: createKeyRing([randomBytes(32)]), db }),
    sandbox,
    rateLimit: createRateLimit({ db, now }),
    budget: createBudget({ db, send: outbound.send, log: silentLog }),
    log: silentLog,
    now,
  }
  return {
    context,
    clock,
    async secondServer() {
      const other = await db.openAgain?.()
      return other && { context: { ...context, db: other }, close: () => other.close() }
    },
    async newActor(subdomain) {
      const workspace = await createWorkspace(context, { subdomain, name: subdomain })
      return { workspaceId: workspace.id, subdomain, kind: 'token', id: workspace.id }
    },
    async close() {
      await sandbox.close()
      await outbound.close()
      await db.drop()
    },
  }
}

/** Its processes start with the first call of a function: most tests make none. */
function sandboxWhenNeeded(): Sandbox {
  let opening: Promise<Sandbox> | undefined
  let opened: Sandbox | undefined
  const open = async () => {
    opening ??= createSandbox({ log: silentLog, size: 2, timeMs: FUNCTION_LIMIT_MS })
    opened = await opening
    return opened
  }
  return {
    forWorkspace: (workspaceId) => async (call, options) =>
      (await open()).forWorkspace(workspaceId)(call, options),
    get locks() {
      if (!opened) throw new Error('No function was called yet.')
      return opened.locks
    },
    load: () => opened?.load() ?? { busy: 0, idle: 0, starting: 0, waiting: 0 },
    close: async () => (await opening)?.close(),
  }
}
