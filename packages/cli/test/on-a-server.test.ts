/** The commands that talk to a server, against a really started one, in the order of an operator's first hour. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type App, startApp } from '../../server/src/app.ts'
import { ACTS } from '../../server/src/audit/acts.ts'
import { readConfig } from '../../server/src/config.ts'
import { silentLog } from '../../server/src/log.ts'
import { type EmptyDatabase, emptyDatabase } from '../../server/test/empty-database.ts'
import { LEDGER_ORIGIN, ledgerDefinition, startLedger } from '../../server/test/ledger-app.ts'
import type { LocalServer } from '../../server/test/local-server.ts'
import { expectGolden } from './golden.ts'
import { type Cli, cliIn, cliProcessIn, temporaryFolder } from './run-cli.ts'

const temporary = temporaryFolder()
const KEY = 'key-anna-4711'
const WITH_KEY = { MINIAPPS_CREDENTIAL_API_KEY: KEY }
let ledger: LocalServer
let database: EmptyDatabase
let app: App
let link: string
let server: string
let cli: Cli
let cliProcess: Cli

beforeAll(async () => {
  ;[ledger, database] = await Promise.all([startLedger(), emptyDatabase()])
  const env = {
    PORT: '0',
    DATA_DIR: join(temporary.folder, 'data'),
    PROVIDER_ORIGINS: `${LEDGER_ORIGIN}=${ledger.origin}`,
    ...database.env,
  }
  app = await startApp(readConfig(env, { terminal: false, workingDirectory: temporary.folder }), silentLog)
  link = app.ownerLink ?? ''
  server = link.slice(0, link.indexOf('/login/'))
  cli = cliIn(temporary.folder)
  cliProcess = cliProcessIn(temporary.folder)
  writeFileSync(join(temporary.folder, 'ledger.json'), JSON.stringify(ledgerDefinition(), undefined, 2))
})
afterAll(async () => {
  await app.close()
  await Promise.all([ledger.close(), database.drop()])
  temporary.remove()
})

async function golden(name: string, args: string[], env?: Record<string, string>): Promise<void> {
  const run = await cli.run(args, env)
  const secret = link.slice(link.indexOf('/login/'))
  expectGolden(name, {
    args,
    env,
    run,
    replace: {
      [secret]: '/login/main.LINK',
      [temporary.folder]: '/home',
      // The list grows with what is audited; it is the server's to test.
      [Object.keys(ACTS).join(', ')]: 'ACT, ACT, ACT',
    },
  })
  expect(run.status).toBeGreaterThan(0)
}

it('signs in with the one-time link, keeps the token for the user alone, and says who it is', async () => {
  const signedIn = await cliProcess.json(['login', link])
  const file = join(temporary.folder, 'config/miniapps/config.json')
  expect(signedIn.document).toEqual({
    server,
    workspace: { id: expect.any(String), subdomain: 'main', name: 'Main' },
    stored: file,
  })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(resolve(file, '..')).mode & 0o777).toBe(0o700)
  const { current, servers } = JSON.parse(readFileSync(file, 'utf8'))
  expect(current).toBe(server)
  expect(JSON.stringify(signedIn.document)).not.toContain(servers[server].accessToken)

  const { document } = await cliProcess.json(['whoami'])
  expect(document).toMatchObject({
    server,
    user: { username: 'Owner', isOwner: true },
    workspace: { subdomain: 'main' },
  })
  expect(document.permissions).toContain('operate')
})

it('refuses a link that was used', () => golden('link-that-was-used', ['login', link]))

it('refuses a token that is none', () =>
  golden('token-that-is-none', ['whoami'], { MINIAPPS_TOKEN: 'made.up.token' }))

it('says where to sign in at a server without a stored token', () =>
  golden('server-without-login', ['whoami', '--server', 'http://127.0.0.1:54321']))

it('registers a definition, once', async () => {
  expect(await cli.json(['admin', 'app', 'register', 'ledger.json'])).toMatchObject({
    status: 0,
    document: { ns: 'ledger', version: '1.0.0', outcome: 'registered', installsMoved: 0 },
  })
  const again = await cli.json(['admin', 'app', 'register', 'ledger.json'])
  expect(again.document).toMatchObject({ outcome: 'unchanged' })
})

it('says what is missing before an app is installed', async () => {
  await golden('app-that-is-not-installed', ['action', 'run', 'ledger', 'addEntry'])
  await golden('connect-before-install', ['admin', 'app', 'connect', 'ledger'], WITH_KEY)
})

it('installs an app', async () => {
  expect(await cli.run(['admin', 'app', 'install', 'ledger'])).toMatchObject({ status: 0, stderr: '' })
})

it('says what is missing before an app is connected', async () => {
  await golden('app-that-is-not-connected', ['action', 'run', 'ledger', 'addEntry'])
  await golden('connect-without-credentials', ['admin', 'app', 'connect', 'ledger'])
})

it('tells a refused key from a good one, and repeats neither', async () => {
  const refused = await cli.run(['admin', 'app', 'connect', 'ledger', '-c', 'apiKey=wrong-key'])
  expect(refused.status).toBe(1)
  expect(refused.stdout).toContain('TEST_FAILED')
  expect(refused.stdout).not.toContain('wrong-key')
  const { status, document } = await cli.json(['admin', 'app', 'connect', 'ledger'], WITH_KEY)
  expect(status).toBe(0)
  expect(document).toMatchObject({
    status: 'connected',
    uid: 'uid-anna-4711',
    accountName: 'Account anna-4711',
  })
  const { document: list } = await cli.json(['admin', 'app', 'list', '--installed'])
  expect(list.apps).toMatchObject([{ ns: 'ledger', auth: { isAuthenticated: true } }])
})

it('runs an action there and shows its steps', async () => {
  const input = ['-i', 'book=b1', '-i', 'amount=5']
  const { status, document } = await cli.json(['action', 'run', 'ledger', 'addEntry', ...input])
  expect(status).toBe(0)
  expect(document).toMatchObject({
    ranOn: server,
    success: true,
    data: { id: 42, amount: 5 },
    steps: [
      { status: 'ok', request: { method: 'GET' } },
      { status: 'ok', request: { method: 'POST' }, response: { status: 201 } },
    ],
    requestId: expect.any(String),
  })
})

it('tells wrong input, an unknown action and an error of the provider', async () => {
  await golden('input-that-a-server-refuses', ['action', 'run', 'ledger', 'addEntry', '-i', 'book=b1'])
  await golden('action-that-a-server-does-not-know', ['action', 'run', 'ledger', 'addEntries'])
  const unknownBook = ['-i', 'book=b9', '-i', 'amount=5']
  await golden('provider-error-on-a-server', ['action', 'run', 'ledger', 'addEntry', ...unknownBook])
  await golden('local-option-for-a-server', ['action', 'run', 'ledger', 'addEntry', '--allow-private'])
})

it('lists sources there, and the options of one', async () => {
  const { document } = await cli.json(['source', 'list', 'ledger'])
  expect(document.sources).toContainEqual({
    key: 'rpc_entries',
    params: ['book'],
    usedBy: ['addEntry.entry'],
  })
  const books = await cli.json(['source', 'list', 'ledger', 'rpc_books'])
  expect(books.document.options).toEqual([
    { value: 'b1', label: 'Sales' },
    { value: 'b2', label: 'Costs' },
  ])
  const entries = ['source', 'list', 'ledger', 'rpc_entries', '-p', 'book=b1', '--source-ref', 'title']
  expect((await cli.json(entries)).document.options).toEqual([{ value: 'First', label: 'First' }])
  await golden('source-that-a-server-does-not-know', ['source', 'list', 'ledger', 'rpc_shelves'])
})

it('lists runs page by page and shows one of them', async () => {
  const { document } = await cli.json([
    'admin',
    'runs',
    '--ns',
    'ledger',
    '--status',
    'failed',
    '--limit',
    '1',
  ])
  expect(document.runs).toMatchObject([{ ns: 'ledger', errorCode: 'EXTERNAL_API_ERROR' }])
  const next = await cli.json([
    'admin',
    'runs',
    '--status',
    'failed',
    '--limit',
    '1',
    '--after',
    document.next,
  ])
  expect(next.document.runs).toMatchObject([{ errorCode: 'VALIDATION_ERROR' }])
  const shown = await cli.run(['admin', 'run', document.runs[0]._id, '--verbose'])
  expect(shown.stdout).toContain('There is no book b9.')
  expect(shown.stdout).not.toMatch(/key-anna|token-of-anna/)
  expect(shown.status).toBe(0)
  await golden('run-that-there-is-not', ['admin', 'run', 'nothing'])
})

it('lists who did what, page by page', async () => {
  const of = ['admin', 'audit', '--ns', 'ledger', '--limit', '1']
  const { document } = await cli.json(of)
  expect(document.entries).toMatchObject([{ ns: 'ledger', actorName: 'Owner', address: '127.0.0.1' }])
  const next = await cli.json([...of, '--after', document.next])
  expect(next.document.entries).toHaveLength(1)
  const shown = await cli.run(['admin', 'audit', '--kind', 'link.used'])
  expect(shown.stdout).toMatch(/WHEN +ACT +ABOUT +BY +FROM/)
  expect(shown.stdout).toContain('link.used')
  expect(
    (await cli.run(['admin', 'audit', '--kind', 'token.made', '--until', '2000-01-01'])).stdout,
  ).toContain('There are no such acts.')
  await golden('act-that-there-is-not', ['admin', 'audit', '--kind', 'token.mad'])
})

it('lists, shows and exports customers', async () => {
  const token = JSON.parse(readFileSync(join(temporary.folder, 'config/miniapps/config.json'), 'utf8'))
    .servers[server].accessToken
  const add = (name: string) =>
    fetch(`${server}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-app-token': token },
      body: JSON.stringify({
        query: `mutation { customersAdd(firstName: "${name}", primaryEmail: "${name}@example.com") { _id } }`,
      }),
    })
  for (const name of ['anna', 'ben']) expect((await add(name)).status).toBe(200)
  const records = ['admin', 'records']
  const list = await cli.json([...records, 'list', 'customers', '--search', 'anna'])
  expect(list.document).toMatchObject({ customers: [{ firstName: 'anna' }], next: null })
  const { _id } = list.document.customers[0]
  expect((await cli.run([...records, 'list', 'customers', '--limit', '1'])).stdout).toContain(
    'There are more',
  )
  const shown = await cli.json([...records, 'show', 'customers', _id])
  expect(shown.document).toMatchObject({ _id, primaryEmail: 'anna@example.com' })
  const rows = await cliProcess.run([...records, 'export', 'customers', '--format', 'ndjson'])
  expect(rows).toMatchObject({ status: 0, stderr: '' })
  const lines = rows.stdout.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).firstName).sort()).toEqual(['anna', 'ben'])
  const file = join(temporary.folder, 'customers.csv')
  const written = await cli.json([...records, 'export', 'customers', '--output', file])
  expect(written.document).toEqual({ file, bytes: statSync(file).size })
  expect(readFileSync(file, 'utf8').trim().split('\r\n')).toHaveLength(3)
  // What is there is never written over.
  expect(await cli.json([...records, 'export', 'customers', '--output', file])).toMatchObject({ status: 6 })
  const refused = await cliProcess.json([...records, 'export', 'customers'], {
    MINIAPPS_SERVER: server,
    MINIAPPS_TOKEN: 'none',
  })
  expect(refused).toMatchObject({ status: 4, document: { error: { code: 'UNAUTHENTICATED' } } })
  expect(await cli.json([...records, 'show', 'orders', 'none'])).toMatchObject({ status: 5 })
})

it('makes a token that may do one thing, and ends it', async () => {
  const add = [
    'admin',
    'token',
    'add',
    '--name',
    'runner',
    '--permission',
    'executeMiniApps',
    '--expires',
    '1h',
  ]
  const { document: made } = await cli.json(add)
  const withIt = { MINIAPPS_SERVER: server, MINIAPPS_TOKEN: made.accessToken }
  const call = ['action', 'run', 'ledger', 'callHome', '-i', 'path=me']
  const run = await cli.json(call, withIt)
  expect(run.document).toMatchObject({ success: true, steps: [] })
  const forbidden = await cli.run(['admin', 'runs'], withIt)
  expect(forbidden).toMatchObject({ status: 4, stdout: '' })
  expect(forbidden.stderr).toContain('FORBIDDEN')
  const { document: list } = await cli.json(['admin', 'token', 'list'])
  expect(list.tokens.map((token: { name: string }) => token.name)).toEqual(['runner', 'Owner'])
  expect(JSON.stringify(list)).not.toContain(made.accessToken)
  await cli.run(['admin', 'token', 'remove', made._id])
  expect(await cli.run(['whoami'], withIt)).toMatchObject({ status: 4 })
  const unknown = await cli.run(['admin', 'token', 'add', '--name', 'x', '-p', 'rule'])
  expect(unknown.status).toBe(5)
  expect(unknown.stderr).toContain('There is no permission "rule".')
})

it('lists workspaces and says why there is one only', async () => {
  const { document } = await cli.json(['admin', 'workspace', 'list'])
  expect(document.workspaces).toMatchObject([{ subdomain: 'main', name: 'Main' }])
  await golden('second-workspace-of-a-server-with-one', ['admin', 'workspace', 'add', 'acme', 'Acme'])
  const fresh = await cli.json(['admin', 'workspace', 'link', document.workspaces[0]._id])
  expect(fresh.document.loginUrl).toMatch(/\/login\/main\./)
})

it('looks into an app that nobody sees, and into one whose last run failed', async () => {
  await golden('doctor-of-an-app-that-nobody-sees', ['doctor', 'nobody'])
  const { document, status } = await cli.json(['doctor', 'ledger', '--bundle', 'support.json'])
  expect(status).toBe(1)
  expect(document.diagnoses).toMatchObject([
    { name: 'visible', verdict: 'fine' },
    { name: 'connection', verdict: 'fine' },
    {
      name: 'failed runs',
      verdict: 'broken',
      next: [expect.any(String), expect.stringContaining('miniapps admin run')],
    },
  ])
  const bundle = readFileSync(join(temporary.folder, 'support.json'), 'utf8')
  expect(JSON.parse(bundle)).toMatchObject({ ns: 'ledger', version: '1.0.0', failedRuns: [{}, {}, {}] })
  expect(bundle).not.toContain(KEY)
})

it('refuses another content under a version that is registered', async () => {
  const changed = JSON.stringify(ledgerDefinition({ title: 'Ledgers' }))
  writeFileSync(join(temporary.folder, 'changed.json'), changed)
  await golden('version-with-another-content', ['admin', 'app', 'register', 'changed.json'])
})

it('disconnects, uninstalls and forgets the token', async () => {
  for (const args of [
    ['admin', 'app', 'disconnect', 'ledger'],
    ['admin', 'app', 'uninstall', 'ledger'],
    ['logout'],
  ]) {
    expect(await cli.run(args)).toMatchObject({ status: 0, stderr: '' })
  }
  const file = join(temporary.folder, 'config/miniapps/config.json')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ servers: {} })
  expect(await cli.run(['admin', 'runs'])).toMatchObject({ status: 4 })
})
