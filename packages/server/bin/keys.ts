/**
 * `npm run keys -- COMMAND`: the master keys of the configured database. Works while servers run, except that the embedded
 * database has room for one process. Shows fingerprints, never a key.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { recordRotation } from '../src/account/record-rotation.ts'
import { type Database, embeddedDataExists, openDatabase } from '../src/db/client.ts'
import { isDatabaseError } from '../src/db/error.ts'
import { silentLog } from '../src/log.ts'
import { addKey } from '../src/secret/key-file.ts'
import { findUnreadableKeys, type KeysReport, reportKeys } from '../src/secret/key-report.ts'
import { createKeyRing, fingerprint, type KeyRing, nameOfOwner } from '../src/secret/key-ring.ts'
import { loadMasterKeys } from '../src/secret/master-key.ts'
import { rotateMasterKey, type UnreadableKey } from '../src/secret/rotate-master-key.ts'
import { loadConfig } from './load-config.ts'

const USAGE = `usage: npm run keys -- COMMAND

  generate FILE   puts a new key in front of those in FILE, or makes FILE with it
  show            lists the master keys that were given and that are needed
  check           proves that the first key alone opens every data key
  rotate          puts the first key in the place of the others, while servers run
`

/** PostgreSQL manual, appendix A: undefined_table. */
const UNDEFINED_TABLE = '42P01'
/** Unreadable data keys that are named one by one. */
const MAX_NAMED = 20

/** What the command ends with: 0, or 1 where something is left to do. */
type Outcome = 0 | 1

interface Parts {
  db: Database
  keyRing: KeyRing
}

const COMMANDS = { show, check, rotate } as const satisfies Record<string, (parts: Parts) => Promise<Outcome>>

const print = (...lines: string[]) => process.stdout.write(lines.map((line) => `${line}\n`).join(''))
const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`
const isCommand = (name: string): name is keyof typeof COMMANDS => Object.hasOwn(COMMANDS, name)

async function main(): Promise<Outcome> {
  const { positionals } = parseArgs({ args: process.argv.slice(2), allowPositionals: true })
  const [name = '', file, ...rest] = positionals
  if (name === 'generate' && file !== undefined && rest.length === 0) return generate(resolve(file))
  if (!isCommand(name) || file !== undefined) throw new Error(USAGE)
  const parts = await open()
  try {
    return await COMMANDS[name](parts)
  } catch (error) {
    if (!isDatabaseError(error) || error.code !== UNDEFINED_TABLE) throw error
    throw new Error(
      'The database has not the schema of this release: run `npm run migrate`, or start the server once.',
    )
  } finally {
    await parts.db.close()
  }
}

/** Makes neither a database nor a key. */
async function open(): Promise<Parts> {
  const { databaseUrl, dataDir, masterKey, masterKeyFile, masterKeyCommand } = loadConfig()
  const embedded = databaseUrl === undefined
  if (embedded && !embeddedDataExists(dataDir)) {
    throw new Error(`There is no database in ${dataDir}. Set DATA_DIR or DATABASE_URL as for the server.`)
  }
  const keys = await loadMasterKeys({
    masterKey,
    masterKeyFile,
    masterKeyCommand,
    dataDir,
    mayCreate: embedded,
    dataExists: true,
  })
  const db = await openDatabase({ databaseUrl, dataDir, log: silentLog })
  return { db, keyRing: createKeyRing(keys) }
}

async function generate(path: string): Promise<Outcome> {
  const [first, ...others] = (await addKey(path)).map((key) => fingerprint(key))
  print(
    `${path} begins with the new key ${first}${others.length > 0 ? `, before ${others.join(', ')}` : ''}.`,
    'Keep a copy apart from the backups of the database: without it, what it encrypts is lost.',
  )
  return 0
}

async function show({ db, keyRing }: Parts): Promise<Outcome> {
  const report = await reportKeys(db, keyRing)
  print(...tableOf(report))
  return report.masterKeys.some(({ place, dataKeys }) => place === undefined && dataKeys > 0) ? 1 : 0
}

function tableOf({ masterKeys, processes }: KeysReport): string[] {
  const rows = masterKeys.map(({ id, place, dataKeys, active, processes: having }) => [
    id,
    place === undefined ? 'NOT GIVEN' : `line ${place}`,
    plural(dataKeys, 'data key'),
    active ? 'wraps new ones' : '',
    processes > 0 ? `in ${having} of ${plural(processes, 'running process', 'running processes')}` : '',
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

async function check({ db, keyRing }: Parts): Promise<Outcome> {
  const [first, ...others] = keyRing.ids
  const report = await reportKeys(db, keyRing)
  const unreadable = await findUnreadableKeys(db, keyRing)
  const elsewhere = report.masterKeys.filter(
    ({ id, dataKeys, active }) => id !== first && (dataKeys > 0 || active),
  )
  if (unreadable.length > 0 || elsewhere.length > 0) {
    print(...tableOf(report), ...complaintsOf(unreadable))
    const given = elsewhere.filter(({ place }) => place !== undefined)
    if (given.length > 0)
      print(
        `Not finished: ${given.map(({ id }) => id).join(', ')} is still needed. Run \`npm run keys -- rotate\`.`,
      )
    return 1
  }
  const total = report.masterKeys.reduce((sum, { dataKeys }) => sum + dataKeys, 0)
  print(`The master key ${first} opens all of ${plural(total, 'data key')}.`)
  if (others.length > 0) {
    print(
      `Nothing in this database needs ${others.join(', ')}: take it out of the setting or file, then restart the processes.`,
      'Backups made before the rotation still need it.',
    )
  }
  return 0
}

async function rotate({ db, keyRing }: Parts): Promise<Outcome> {
  let told = ''
  const { masterKeyId, rewrapped, unreadable } = await rotateMasterKey(
    { db, keyRing },
    {
      recordReplacement: recordRotation,
      onProgress({ done, total }) {
        const line = `${done} of ${plural(total, 'data key')} wrapped by ${keyRing.ids[0]}`
        if (line !== told) print(line)
        told = line
      },
    },
  )
  print(...complaintsOf(unreadable))
  if (unreadable.length > 0) return 1
  print(
    `Done: ${plural(rewrapped, 'data key')} wrapped anew by ${masterKeyId}. \`npm run keys -- check\` proves it; then the other keys may go.`,
  )
  return 0
}

function complaintsOf(unreadable: readonly UnreadableKey[]): string[] {
  const named = unreadable
    .slice(0, MAX_NAMED)
    .map(({ owner, reason }) => `The data key of ${nameOfOwner(owner)} does not open: ${reason}`)
  const left = unreadable.length - named.length
  return left > 0 ? [...named, `So do ${left} more.`] : named
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
process.exit()
