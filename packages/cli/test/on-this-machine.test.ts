/** Definitions run on this machine: against stand-ins that nobody of this project wrote, and a provider that misbehaves. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LEDGER_ORIGIN, ledgerDefinition, startLedger } from '../../server/test/ledger-app.ts'
import type { LocalServer } from '../../server/test/local-server.ts'
import { type Providers, startProviders } from '../../server/test/providers.ts'
import { type Cli, cliIn, cliProcessIn, temporaryFolder } from './run-cli.ts'

const CATALOG = resolve(import.meta.dirname, '../../../catalog')
const temporary = temporaryFolder()
let providers: Providers
let ledger: LocalServer
let github: string[]
let slack: string[]
let toLedger: string[]

beforeAll(async () => {
  ;[providers, ledger] = await Promise.all([startProviders(), startLedger()])
  github = ['--origin', `https://api.github.com=${providers.github}`]
  slack = ['--origin', `https://slack.com=${providers.slack}`]
  toLedger = ['--origin', `${LEDGER_ORIGIN}=${ledger.origin}`]
})
afterAll(async () => {
  await Promise.all([providers.close(), ledger.close()])
  temporary.remove()
})

/** A folder with a definition in it, so that what `connect` stores is of one test alone. */
function folderWith(name: string, definition: unknown): Cli {
  const folder = join(temporary.folder, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'miniapp.json'), JSON.stringify(definition, undefined, 2))
  return cliIn(folder, temporary.folder)
}

const catalogApp = (ns: string) => JSON.parse(readFileSync(join(CATALOG, ns, 'miniapp.json'), 'utf8'))

describe.concurrent('apps of the catalog, unmodified, against stand-ins', () => {
  it('creates an issue with a credential from the environment', async () => {
    const { token, repository } = providers.seed.github
    const cli = cliProcessIn(CATALOG, temporary.folder)
    const call = ['action', 'run', 'github', 'createIssue', '-i', `repository=${repository}`, ...github]
    const input = JSON.stringify({ title: 'Made by the command line', labels: ['bug'] })
    const { status, document } = await cli.json([...call, '--input-json', input], {
      MINIAPPS_CREDENTIAL_ACCESS_TOKEN: token,
    })
    expect(document).toMatchObject({
      ns: 'github',
      action: 'createIssue',
      ranOn: 'github/miniapp.json',
      success: true,
      error: null,
      data: { title: 'Made by the command line', labels: ['bug'] },
      steps: [{ status: 'ok', request: { method: 'POST' }, response: { status: 201 } }],
    })
    expect(status).toBe(0)
    expect(JSON.stringify(document)).not.toContain(token)
  })

  it('reads the options of a dropdown as a table', async () => {
    const { token, repository } = providers.seed.github
    const call = ['source', 'list', 'github', 'rpc_labels', '-p', `repository=${repository}`, ...github]
    const run = await cliIn(CATALOG, temporary.folder).run([...call, '-c', `accessToken=${token}`])
    expect(run.stdout).toMatch(/VALUE +LABEL\nbug +bug\n/)
    expect(run).toMatchObject({ status: 0, stderr: '' })
  })

  it('connects once and then runs a chained action with what was stored', async () => {
    const cli = folderWith('slack', catalogApp('slack'))
    const { token, users } = providers.seed.slack
    const connected = await cli.run(['connect', '.', ...slack, '-c', `botToken=${token}`])
    expect(connected.stdout).toContain('Connected as ')
    expect(connected.stdout).not.toContain(token)
    const file = join(cli.folder, '.miniapps/slack.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(cli.folder, '.miniapps')).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(cli.folder, '.miniapps/.gitignore'), 'utf8')).toBe('*\n')
    expect(readdirSync(join(cli.folder, '.miniapps')).sort()).toEqual(['.gitignore', 'slack.json'])

    const message = ['-i', `user=${users.omar?.id}`, '-i', 'text=Hello']
    expect(connected.stdout).toContain(`Calls with this connection go there too: ${slack.join(' ')}`)
    // The stand-in that the account was connected at is remembered.
    const { document } = await cli.json(['action', 'run', '.', 'sendDirectMessage', ...message])
    expect(document).toMatchObject({ success: true, data: { text: 'Hello' } })
    expect(document.steps).toHaveLength(2)
  })
})

describe.concurrent('an app that exchanges its key for a token', () => {
  it('connects in memory where nothing is stored', async () => {
    const cli = folderWith('in-memory', ledgerDefinition())
    writeFileSync(join(cli.folder, 'entry.json'), '{"book": "b1", "amount": 1}')
    const call = [
      'action',
      'run',
      '.',
      'addEntry',
      '--input-json',
      '@entry.json',
      '-i',
      'amount=12.5',
      '-i',
      'tags=a,b',
    ]
    const { document } = await cli.json([...call, ...toLedger, '-c', 'apiKey=key-anna'])
    expect(document).toMatchObject({ success: true, data: { id: 42, amount: 12.5, tags: ['a', 'b'] } })
    expect(readdirSync(cli.folder).sort()).toEqual(['entry.json', 'miniapp.json'])
  })

  it('shows requests and answers without secrets', async () => {
    const cli = folderWith('verbose', ledgerDefinition())
    const call = [
      'action',
      'run',
      '.',
      'callHome',
      '-i',
      'path=me',
      ...toLedger,
      '-c',
      'apiKey=key-anna-4711',
    ]
    const run = await cli.run([...call, '--verbose'])
    expect(run.stdout).toContain('Authorization: ***')
    expect(run.stdout).toContain('"name":"Account')
    expect(run.stdout).not.toMatch(/key-anna-4711|token-of-anna/)
    expect(run.status).toBe(0)
  })

  it('says at which auth request a refused key failed, and stores nothing', async () => {
    const cli = folderWith('refused', ledgerDefinition())
    const { status, document } = await cli.json(['connect', '.', ...toLedger, '-c', 'apiKey=wrong-key'])
    expect(status).toBe(1)
    expect(document).toMatchObject({
      success: false,
      error: {
        code: 'TEST_FAILED',
        path: '/auth/get_token',
        place: expect.stringMatching(/^miniapp\.json:\d+:\d+$/),
        details: { status: 401, request: 'get_token' },
      },
      steps: [{ name: 'get_token', status: 'failed' }],
    })
    expect(JSON.stringify(document)).not.toContain('wrong-key')
    expect(readdirSync(cli.folder)).toEqual(['miniapp.json'])
  })

  it('names the fields of the form that are missing or wrong', async () => {
    const cli = folderWith('form', ledgerDefinition())
    const { document } = await cli.json(['connect', '.', ...toLedger, '-c', 'region=mars'])
    expect(document.error).toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { fields: [{ path: '/apiKey' }, { path: '/region' }] },
      next: [
        'Correct apiKey and region in the form.',
        'miniapps connect . --credential apiKey=… --credential region=…',
      ],
    })
  })

  it('runs an App Function, with what it logged under --verbose', async () => {
    const cli = folderWith('function', ledgerDefinition())
    const run = await cli.run(['action', 'run', '.', 'sumEntries', '-i', 'amounts=1,2,3', '--verbose'])
    expect(run.stdout).toContain('"total": 6')
    expect(run.stdout).toContain('3 amounts')
    expect(run.status).toBe(0)
  })

  it('refreshes an expired token once, keeps the new one and runs on', async () => {
    const refresh = { url: `${LEDGER_ORIGIN}/token`, method: 'POST', body: { key: '[[apiKey]]' } }
    const auth = {
      ...(ledgerDefinition()['auth'] as object),
      auto_refresh: true,
      refresh_token: { ...refresh, mapping: { accessToken: '$.token' } },
    }
    const cli = folderWith('refresh', ledgerDefinition({ auth }))
    await cli.run(['connect', '.', ...toLedger, '-c', 'apiKey=key-anna'])
    const file = join(cli.folder, '.miniapps/ledger.json')
    const stored = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(
      file,
      JSON.stringify({ ...stored, credentials: { ...stored.credentials, accessToken: 'expired' } }),
    )
    const { document } = await cli.json(['action', 'run', '.', 'callHome', '-i', 'path=me', ...toLedger])
    expect(document).toMatchObject({ success: true, data: { answer: { uid: 'uid-anna' } } })
    expect(JSON.parse(readFileSync(file, 'utf8')).credentials.accessToken).toBe('token-of-anna')
  })
})

describe.concurrent('sources', () => {
  it('are listed with their parameters and the forms that show them', async () => {
    const cli = folderWith('sources', ledgerDefinition())
    const { document } = await cli.json(['source', 'list', '.'])
    expect(document).toEqual({
      ns: 'ledger',
      sources: [
        { key: 'rpc_books', params: [], usedBy: ['addEntry.book'] },
        { key: 'rpc_entries', params: ['book'], usedBy: ['addEntry.entry'] },
      ],
    })
  })

  it('refuse a parameter that no form would send', async () => {
    const cli = folderWith('parameter', ledgerDefinition())
    const call = [
      'source',
      'list',
      '.',
      'rpc_entries',
      '-p',
      'shelf=b1',
      '-c',
      'apiKey=key-anna',
      ...toLedger,
    ]
    const { status, document } = await cli.json(call)
    expect(status).toBe(1)
    expect(document.error).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: '"rpc_entries" takes no parameter "shelf". It takes: book.',
    })
  })
})

describe.concurrent('recorded tests', () => {
  it('run offline', async () => {
    const { status, document } = await cliIn(CATALOG, temporary.folder).json(['test', 'linear'])
    expect(document.tests.length).toBeGreaterThan(30)
    for (const test of document.tests) expect(test).toMatchObject({ outcome: 'same', differences: [] })
    expect({ status, ok: document.ok, file: document.file }).toEqual({
      status: 0,
      ok: true,
      file: 'linear/miniapp.json',
    })
  })

  it('belong to what a submission is judged by', async () => {
    const { document } = await cliIn(CATALOG, temporary.folder).json([
      'validate',
      'linear',
      '--level',
      'submission',
    ])
    expect(document.files.map(({ file }: { file: string }) => file)).toContain(
      'linear/fixtures/createIssue.json',
    )
  })
})

describe.concurrent('types of actions', () => {
  it('are printed, or written to a file', async () => {
    const cli = folderWith('types', ledgerDefinition())
    const printed = await cli.run(['types', '.'])
    expect(printed).toMatchObject({ status: 0, stderr: '' })
    expect(printed.stdout).toContain('export interface AddEntryInput {')
    const written = await cli.run(['types', '.', '--out', 'ledger.ts'])
    expect(written.stdout).toBe('Written ledger.ts: the types of ledger 1.0.0.\n')
    expect(readFileSync(join(cli.folder, 'ledger.ts'), 'utf8')).toBe(printed.stdout)
  })
})

describe.concurrent('definitions that are modules', () => {
  it('are validated by their default export', async () => {
    const cli = folderWith('module', {})
    const text = `const definition: object = ${JSON.stringify(ledgerDefinition())}\nexport default definition\n`
    writeFileSync(join(cli.folder, 'ledger.ts'), text)
    const ofTypeScript = await cliProcessIn(cli.folder, temporary.folder).run(['validate', 'ledger.ts'])
    expect(ofTypeScript).toMatchObject({ status: 0, stderr: '' })
    writeFileSync(join(cli.folder, 'broken.mjs'), 'export default { ns: "Ledger" }\n')
    const { status, document } = await cli.json(['validate', 'broken.mjs'])
    expect(status).toBe(1)
    expect(document.files[0].findings).toContainEqual(expect.objectContaining({ path: '/ns' }))
  })
})
