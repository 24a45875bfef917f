import type { Config } from '../config.ts'
import type { Context } from '../context.ts'
import { embeddedDataExists, openDatabase } from '../db/client.ts'
import { migrate } from '../db/migrate.ts'
import { parsePrivateNetworks, parseProviderOrigins } from '../http/egress-settings.ts'
import { createSend } from '../http/send.ts'
import { createRateLimit } from '../limit/rate-limit.ts'
import type { Log } from '../log.ts'
import { createSandbox } from '../sandbox/run-function.ts'
import { checkMasterKey, loadMasterKey } from '../secret/master-key.ts'
import { createVault } from '../secret/vault.ts'

export interface OpenedContext {
  context: Context
  /** Ends everything that was opened, in the opposite order. */
  close: () => Promise<void>
}

/**
 * Opens what a process works with: database (migrated), master key (checked against the data), vault, sandbox,
 * outbound client, rate limit. What was opened before a failure is closed again.
 * @throws Error with a text for the operator where data exists without its key, another process holds the data
 *   directory, the schema is newer than this server, or a setting cannot be used
 */
export async function openContext(config: Config, log: Log): Promise<OpenedContext> {
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const allowPrivateNetworks = parsePrivateNetworks(config.allowPrivateNetworks ?? '')
    const providerOrigins = parseProviderOrigins(config.providerOrigins ?? '')
    const embedded = config.databaseUrl === undefined
    const masterKey = await loadMasterKey({
      masterKey: config.masterKey,
      masterKeyFile: config.masterKeyFile,
      masterKeyCommand: config.masterKeyCommand,
      dataDir: config.dataDir,
      mayCreate: embedded,
      dataExists: embedded && embeddedDataExists(config.dataDir),
    })
    const db = await openDatabase({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, log })
    closers.push(() => db.close())
    await migrate(db)
    await checkMasterKey(db, masterKey)
    const sandbox = await createSandbox({ log })
    closers.push(() => sandbox.close())
    const outbound = createSend({ allowPrivateNetworks, providerOrigins })
    closers.push(() => outbound.close())
    const now = Date.now
    const context: Context = {
      config,
      db,
      send: outbound.send,
      vault: createVault({ masterKey, db }),
      sandbox,
      rateLimit: createRateLimit({ db, now }),
      log,
      now,
    }
    return { context, close }
  } catch (error) {
    await close()
    throw error
  }
}
