/** The master key is replaced as an operator does it: key file, `npm run keys`, restarts, and a backup of before. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../src/db/client.ts'
import { silentLog } from '../src/log.ts'
import { createKeyRing } from '../src/secret/key-ring.ts'
import { loadMasterKeys } from '../src/secret/master-key.ts'
import { createVault } from '../src/secret/vault.ts'
import { type ApiClient, apiClient, signIn } from './api-client.ts'
import { fillDataDirectory } from './data-directory.ts'
import { copyDatabase, type EmptyDatabase, emptyDatabase } from './empty-database.ts'
import {
  LEDGER_ORIGIN,
  type Ledger,
  ledgerDefinition,
  refreshingLedgerDefinition,
  startLedger,
} from './ledger-app.ts'
import { nodeEnvironment, type ServerProcess, startServerProcess } from './server-process.ts'

const root = resolve(import.meta.dirname, '../../..')
/** Several batches of a rotation. */
const WORKSPACES = 450
const NS = 'ledger-keys'
const LOAD_TOKENS = 8

let directory: string
let ledger: Ledger
let database: EmptyDatabase
let keyFile: string
let owner: ApiClient
/** App tokens: one may run 30 actions a minute. */
let tokens: string[] = []
const running = new Set<ServerProcess>()

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'miniapps-keys-'))
  keyFile = join(directory, 'data', 'master.key')
  ledger = await startLedger()
  database = await emptyDatabase()
})
afterAll(async () => {
  for (const server of running) await server.stop()
  await ledger.close()
  await database.drop()
  rmSync(directory, { recursive: true, force: true })
})

const onPostgres = () => database.env['DATABASE_URL'] !== undefined
const settings = (): Record<string, string> => ({
  DATA_DIR: join(directory, 'data'),
  PROVIDER_ORIGINS: `${LEDGER_ORIGIN}=${ledger.origin}`,
  ...(onPostgres() && { DATABASE_URL: String(database.env['DATABASE_URL']), MASTER_KEY_FILE: keyFile }),
})

async function start(env: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await startServerProcess({ env: { ...settings(), ...env }, cwd: directory })
  running.add(server)
  return server
}

async function stop(server: ServerProcess): Promise<void> {
  running.delete(server)
  expect(await server.stop()).toBe(0)
}

async function refusal(env: Record<string, string> = {}): Promise<string> {
  return start(env).then(
    () => 'It started.',
    (error: Error) => error.message,
  )
}

interface Ended {
  code: number | null
  output: string
}

function startKeys(args: string[], onOutput?: (output: string, child: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'packages/server/bin/keys.ts'), ...args], {
    cwd: directory,
    env: { ...nodeEnvironment(), ...settings() },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      onOutput?.(output, child)
    })
  }
  return once(child, 'close').then(([code]) => ({ code: code as number | null, output }))
}
const keys = (...args: string[]) => startKeys(args)

/** What an installation has of data keys besides the first workspace's. */
async function makeWorkspaces(): Promise<void> {
  const options = { databaseUrl: database.env['DATABASE_URL'], dataDir: join(directory, 'data') }
  const db = await openDatabase({ ...options, log: silentLog })
  const given = await loadMasterKeys({ masterKeyFile: keyFile, mayCreate: false, dataExists: true })
  const vault = createVault({ keyRing: createKeyRing(given), db })
  const ids = Array.from({ length: WORKSPACES }, () => randomUUID())
  const rows = ids.map((id) => ({ id, subdomain: id, name: 'w' }))
  await db.sql.insertInto('workspace').values(rows).execute()
  for (const id of ids) await vault.seal(id, 'x', 1)
  await db.close()
}

async function connect(client: ApiClient, ns = NS): Promise<void> {
  await client.call(
    'mutation ($ns: String!) { saveMiniAppCredentials(ns: $ns, credentials: { apiKey: "key-someone", region: "eu" }) }',
    { ns },
  )
}

interface ActionResult {
  success: boolean
  error: { code: string } | null
}

async function runAction(client: ApiClient, ns = NS): Promise<ActionResult> {
  const { executeMiniAppAction } = await client.call<{ executeMiniAppAction: ActionResult }>(
    'mutation ($ns: String!) { executeMiniAppAction(appNs: $ns, actionName: "callHome", formInput: { path: "me" }) }',
    { ns },
  )
  return executeMiniAppAction
}

/** A server with two apps connected, one of them with tokens that expire, and a token that stays good. */
async function furnish(server: ServerProcess): Promise<void> {
  owner = await signIn(server.url, server.ownerLink)
  const definitions = { [NS]: refreshingLedgerDefinition(NS), ledger: ledgerDefinition() }
  for (const [ns, definition] of Object.entries(definitions)) {
    await owner.call('mutation ($d: JSON!) { registerMiniApp(definition: $d) }', { d: definition })
    await owner.call('mutation ($ns: String!) { installMiniApp(ns: $ns) }', { ns })
    await connect(owner, ns)
  }
  tokens = []
  for (let index = 0; index < LOAD_TOKENS; index++) {
    const { appsAdd } = await owner.call<{ appsAdd: { accessToken: string } }>(
      'mutation { appsAdd(name: "load", allowAllPermission: true, noExpire: true) { accessToken } }',
    )
    tokens.push(appsAdd.accessToken)
  }
  await owner.call(`mutation { setMiniAppConfig(ns: "${NS}", config: { client_secret: "of the platform" }) }`)
}

async function expectWorks(server: ServerProcess): Promise<void> {
  ledger.grants.expireTokens()
  expect(await runAction(apiClient(server.url, owner.token))).toMatchObject({ success: true })
  await expectReadable(server)
}

/** Credentials, app token and app config as a backup has them too, whose refresh tokens were used since. */
async function expectReadable(server: ServerProcess): Promise<void> {
  const client = apiClient(server.url, owner.token)
  expect(await runAction(client, 'ledger')).toMatchObject({ success: true })
  const { miniAppConfigKeys } = await client.call(`{ miniAppConfigKeys(ns: "${NS}") }`)
  expect(miniAppConfigKeys).toEqual(['client_secret'])
}

/** Actions, refreshes and reconnects on every server until told to end. @returns what failed, and how much was done */
function load(servers: () => ServerProcess[]) {
  let ended = false
  const seen = { done: 0, failures: [] as unknown[] }
  const turn = async (server: ServerProcess, index: number) => {
    const client = apiClient(server.url, String(tokens[index % tokens.length]))
    if (index % 10 === 9) return connect(client)
    if (index % 3 === 0) ledger.grants.expireTokens()
    const { error } = await runAction(client)
    if (error !== null && error.code !== 'RATE_LIMITED') seen.failures.push(error)
  }
  const work = (async () => {
    for (let index = 0; !ended; index++) {
      for (const server of servers()) {
        await turn(server, index).catch((error: unknown) => seen.failures.push(error))
        seen.done += 1
      }
    }
    return seen
  })()
  return () => {
    ended = true
    return work
  }
}

const linesOf = (path: string) => readFileSync(path, 'utf8').trim().split('\n')
const keepFirstLine = (path: string) => writeFileSync(path, `${linesOf(path)[0]}\n`)

describe.runIf(process.env.TEST_DATABASE_URL)('on PostgreSQL, while two servers run', () => {
  it('the key is replaced; nobody notices, and the old backup opens with the old key', async () => {
    expect((await keys('generate', keyFile)).code).toBe(0)
    const before = await start()
    await furnish(before)
    await stop(before)
    await makeWorkspaces()
    const backup = await copyDatabase(database)
    const servers = [await start(), await start()]

    expect(await keys('generate', keyFile)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/before [0-9a-f]{16}/),
    })
    const [newKey = '', oldKey = ''] = linesOf(keyFile)
    const early = await keys('rotate')
    expect(early).toMatchObject({
      code: 1,
      output: expect.stringContaining('2 running processes do not have the master key'),
    })
    for (const [index, server] of servers.entries()) {
      servers[index] = await start()
      await stop(server)
    }
    expect(servers[0]?.output()).toContain('key.outdated')

    const endLoad = load(() => servers)
    const killed = await startKeys(['rotate'], (output, child) => {
      if (/\n[1-9]\d* of/.test(output)) child.kill('SIGKILL')
    })
    expect(killed.code).toBeNull()
    expect(await keys('check')).toMatchObject({ code: 1, output: expect.stringMatching(/Not finished/) })
    const shown = await keys('show')
    expect(shown.output).toMatch(/line 1\s+[1-9]\d* data keys\s+wraps new ones\s+in 2 of 2 running processes/)
    expect(shown.output).toMatch(/line 2\s+[1-9]\d* data keys/)
    expect(shown.output).not.toContain(newKey.slice(0, 8))
    expect(await refusal({ MASTER_KEY: oldKey, MASTER_KEY_FILE: '' })).toContain(
      'needs a master key that this process does not have',
    )
    const both = await Promise.all([keys('rotate'), keys('rotate')])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(await keys('check')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/opens all of 452 data keys.*\nNothing in this database needs/),
    })
    const { done, failures } = await endLoad()
    expect(failures).toEqual([])
    expect(done).toBeGreaterThan(10)

    keepFirstLine(keyFile)
    for (const [index, server] of servers.entries()) {
      const next = await start()
      servers[index] = next
      await stop(server)
      await expectWorks(next)
    }
    for (const server of servers) await stop(server)

    const restored = { DATABASE_URL: String(backup.env['DATABASE_URL']) }
    expect(await refusal(restored)).toContain('not the one this database was written with')
    const old = await start({ ...restored, MASTER_KEY: `${newKey} ${oldKey}`, MASTER_KEY_FILE: '' })
    await expectReadable(old)
    await stop(old)
    await backup.drop()
  })
})

describe.runIf(!process.env.TEST_DATABASE_URL)('on the embedded database', () => {
  it('the server replaces the key itself, also after a kill in the middle; a copy of before still opens', async () => {
    await fillDataDirectory(join(directory, 'data'))
    // As the first start would make it, beside a database that is there already.
    await loadMasterKeys({ dataDir: join(directory, 'data'), mayCreate: true, dataExists: false })
    const first = await start()
    await furnish(first)
    await stop(first)
    await makeWorkspaces()
    cpSync(join(directory, 'data'), join(directory, 'backup'), { recursive: true })

    expect((await keys('generate', keyFile)).code).toBe(0)
    const [newKey, oldKey] = linesOf(keyFile)
    const killed = await startKeys(['rotate'], (output, child) => {
      if (/\n[1-9]\d* of/.test(output)) child.kill('SIGKILL')
    })
    expect(killed.code).toBeNull()
    expect(await keys('check')).toMatchObject({ code: 1, output: expect.stringMatching(/Not finished/) })

    const second = await start()
    await expectWorks(second)
    while (!second.output().includes('"status":"finished"'))
      await once(second.child.stdout ?? second.child, 'data')
    expect(second.output()).toMatch(/"rewrapped":[1-9]\d*.*"event":"key.rotated"/)
    expect(await keys('show')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/in use by process \d+/),
    })
    await stop(second)
    expect(await keys('check')).toMatchObject({ code: 0 })
    keepFirstLine(keyFile)
    const third = await start()
    await expectWorks(third)
    await stop(third)

    const backup = { DATA_DIR: join(directory, 'backup') }
    const old = await start({ ...backup, MASTER_KEY: `${newKey},${oldKey}` })
    await expectReadable(old)
    await stop(old)
  })
})

describe('the command', () => {
  it('says how it is used, and makes neither a database nor a key', async () => {
    expect(await keys()).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^usage: npm run keys -- COMMAND/),
    })
    expect(await keys('forget')).toMatchObject({ code: 1, output: expect.stringMatching(/^usage/) })
    const empty = mkdtempSync(join(directory, 'empty-'))
    const run = () =>
      execFileSync(process.execPath, [join(root, 'packages/server/bin/keys.ts'), 'check'], {
        cwd: empty,
        env: nodeEnvironment(),
        stdio: 'pipe',
      })
    expect(run).toThrow(/There is no database in .*empty-.*data\. Set DATA_DIR or DATABASE_URL/)
  })
})
