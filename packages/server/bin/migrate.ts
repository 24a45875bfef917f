/** `npm run migrate`: brings the schema of the configured database up to date, while no server runs. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { readConfig } from '../src/config.ts'
import { openDatabase } from '../src/db/client.ts'
import { migrate } from '../src/db/migrate.ts'
import { createLog } from '../src/log.ts'

const envFile = resolve('.env')
if (existsSync(envFile)) process.loadEnvFile(envFile)
try {
  const config = readConfig(process.env, { terminal: process.stdout.isTTY, workingDirectory: process.cwd() })
  const db = await openDatabase({
    databaseUrl: config.databaseUrl,
    dataDir: config.dataDir,
    log: createLog(config),
  })
  const applied = await migrate(db)
  await db.close()
  process.stdout.write(applied.length === 0 ? 'The schema is current.\n' : `Applied ${applied.join(', ')}.\n`)
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
