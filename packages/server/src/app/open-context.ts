import packageFile from '../../package.json' with { type: 'json' }
import { recordRotation } from '../account/record-rotation.ts'
import type { Config } from '../config.ts'
import type { Context } from '../context.ts'
import { embeddedDataExists, openDatabase } from '../db/client.ts'
import { migrate } from '../db/migrate.ts'
import { parsePrivateNetworks, parseProviderOrigins } from '../http/egress-settings.ts'
import { createSend } from '../http/send.ts'
import { createBudget } from '../limit/budget.ts'
import { createRateLimit } from '../limit/rate-limit.ts'
import type { Log } from '../log.ts'
import { createSandbox } from '../sandbox/run-function.ts'
import { holdMasterKeys } from '../secret/key-holders.ts'
import { createKeyRing } from '../secret/key-ring.ts'
import { loadMasterKeys } from '../secret/master-key.ts'
import { startRotation } from '../secret/start-rotation.ts'
import { createVault } from '../secret/vault.ts'
import { createMetrics, type Metrics } from './metrics.ts'

/** Of this package. */
export const { version: SERVER_VERSION } = packageFile

export interface OpenedContext {
  context: Context
  metrics: Metrics
  /** Ends everything that was opened, in the opposite order. */
  close: () => Promise<void>
}

/**
 * Opens what a process works with: database (migrated), master keys (checked against the data), vault, sandbox,
 * outbound client, rate limit. What was opened before a failure is closed again.
 * @throws Error with a text for the operator where data exists without its key, another process holds the data
 *   directory, the schema is newer than this server, or a setting cannot be used
 */
export async function openContext(config: Config, writtenLog: Log): Promise<OpenedContext> {
  const metrics = createMetrics(SERVER_VERSION)
  const log = metrics.log(writtenLog)
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const allowPrivateNetworks = parsePrivateNetworks(config.allowPrivateNetworks ?? '')
    const providerOrigins = parseProviderOrigins(config.providerOrigins ?? '')
    const embedded = config.databaseUrl === undefined
    const masterKeys = await loadMasterKeys({
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
    const keyRing = createKeyRing(masterKeys)
    closers.push(await holdMasterKeys(db, keyRing))
    closers.push(await startRotation({ db, keyRing, log, recordReplacement: recordRotation }))
    const sandbox = await createSandbox({ log })
    closers.push(() => sandbox.close())
    const outbound = createSend({ allowPrivateNetworks, providerOrigins })
    closers.push(() => outbound.close())
    const send = metrics.send(outbound.send)
    metrics.watchPools({ db, sandbox })
    const now = Date.now
    const context: Context = {
      config,
      db,
      send,
      originalUrl: outbound.originalUrl,
      vault: createVault({ keyRing, db }),
      sandbox,
      rateLimit: createRateLimit({ db, now }),
      budget: createBudget({ db, send, log }),
      log,
      now,
    }
    return { context, metrics, close }
  } catch (error) {
    await close()
    throw error
  }
}
