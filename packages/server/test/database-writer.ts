/**
 * A process that stores rows one by one, for tests that kill it: `node database-writer.ts <data directory>`. Prints
 * `ready` when the database is open, then the number of each row once its commit has been acknowledged.
 */
import { writeSync } from 'node:fs'
import { openDatabase } from '../src/db/client.ts'
import { migrate } from '../src/db/migrate.ts'
import { silentLog } from '../src/log.ts'

const [dataDir = ''] = process.argv.slice(2)
const database = await openDatabase({ dataDir, log: silentLog })
await migrate(database)
writeSync(1, 'ready\n')
for (let number = 1; ; number++) {
  await database.sql
    .insertInto('setting')
    .values({ name: `${process.pid}-${number}`, value: String(number) })
    .execute()
  writeSync(1, `${number}\n`)
}
