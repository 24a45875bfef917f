/** A process of its own on the PostgreSQL of `DATABASE_URL`: prints how the others know it, and goes on until it is killed. */
import { tmpdir } from 'node:os'
import { openDatabase } from '../src/db/client.ts'
import { silentLog } from '../src/log.ts'

const databaseUrl = process.env['DATABASE_URL']
const db = await openDatabase({ databaseUrl, dataDir: tmpdir(), log: silentLog })
process.stdout.write(`${await db.processId()}\n`)
setInterval(() => {}, 1_000)
