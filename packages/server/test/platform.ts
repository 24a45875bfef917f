/** The platform without its HTTP edge: every part real, on a fresh database, with a clock that a test moves. */
import { randomBytes } from 'node:crypto'
import { createWorkspace } from '../src/account/create-workspace.ts'
import type { Actor } from '../src/action/actor.ts'
import { readConfig } from '../src/config.ts'
import type { Context } from '../src/context.ts'
import { createSend } from '../src/http/send.ts'
import { createRateLimit } from '../src/limit/rate-limit.ts'
import { silentLog } from '../src/log.ts'
import { createSandbox } from '../src/sandbox/run-function.ts'
import { createVault } from '../src/secret/vault.ts'
import { testDatabase } from './database.ts'

export interface TestPlatform {
  context: Context
  clock: { now: number }
  /** A workspace of its own and somebody in it. */
  newActor(subdomain: string): Promise<Actor>
  close(): Promise<void>
}

/** @param origins where the origins of definitions really are, for example `{ 'https://ledger.example': proxy.origin }` */
export async function testPlatform(origins: Record<string, string>): Promise<TestPlatform> {
  const db = await testDatabase()
  const clock = { now: Date.now() }
  const now = () => clock.now
  const outbound = createSend({ allowPrivateNetworks: [], providerOrigins: new Map(Object.entries(origins)) })
  const sandbox = await createSandbox({ log: silentLog, size: 2 })
  const settings = { SAAS_API_URL: 'http://localhost/w/{subdomain}', OAUTH_BASE_URL: 'http://localhost' }
  const context: Context = {
    config: readConfig(settings, { terminal: false, workingDirectory: '/' }),
    db,
    send: outbound.send,
    vault: createVault({ masterKey: randomBytes(32), db }),
    sandbox,
    rateLimit: createRateLimit({ db, now }),
    log: silentLog,
    now,
  }
  return {
    context,
    clock,
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
