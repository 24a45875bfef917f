/** What `miniapps doctor` says of definitions on this machine; each answer is kept in `golden/`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyChange } from '../../miniapp/src/explanation.ts'
import { LEDGER_ORIGIN, ledgerDefinition, startLedger } from '../../server/test/ledger-app.ts'
import type { LocalServer } from '../../server/test/local-server.ts'
import { expectGolden } from './golden.ts'
import { cliIn, temporaryFolder } from './run-cli.ts'

const temporary = temporaryFolder()
const KEY = 'key-ada-canary-4711'
let ledger: LocalServer

beforeAll(async () => {
  ledger = await startLedger()
})
afterAll(async () => {
  await ledger.close()
  temporary.remove()
})

async function doctor(
  name: string,
  { change = {}, args = [], key = KEY }: { change?: Record<string, unknown>; args?: string[]; key?: string },
) {
  const folder = join(temporary.folder, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'miniapp.json'), JSON.stringify(applyChange(ledgerDefinition(), change)))
  const call = ['doctor', '.', '--origin', `${LEDGER_ORIGIN}=${ledger.origin}`, ...args]
  const env: Record<string, string> = key === '' ? {} : { MINIAPPS_CREDENTIAL_API_KEY: key }
  const run = await cliIn(folder).run(call, env)
  expect(run.stdout + run.stderr).not.toContain(KEY)
  expect(run.stdout).not.toContain('token-of-')
  expectGolden(`doctor-${name}`, { args: call, env, run })
  return { folder, run }
}

const WITH_REGION = ['--credential', 'region=eu']

it('says where each credential comes from, and that the provider takes the account', async () => {
  const { run } = await doctor('of-a-good-account', { args: WITH_REGION })
  expect(run.status).toBe(0)
})

it('names the credentials that nothing gives', async () => {
  const { run } = await doctor('without-credentials', { key: '' })
  expect(run.status).toBe(1)
})

it('shows the step that was answered 401, as a command line without secrets', async () => {
  const { run } = await doctor('of-a-wrong-key', { args: WITH_REGION, key: 'sk_wrong-canary' })
  expect(run.stdout).toContain('curl -X POST')
  expect(run.stdout).not.toContain('sk_wrong-canary')
})

it('says which path of an empty dropdown finds nothing', async () => {
  const change = { '/source/rpc_entries/valueField': 'identifier' }
  const { run } = await doctor('of-an-empty-dropdown', {
    change,
    args: [...WITH_REGION, '--source', 'rpc_entries', '--param', 'book=b1'],
  })
  expect(run.status).toBe(1)
})

it('runs an action and shows what its mapping found', async () => {
  const change = { '/actions/0/requests/0/mapping': [{ name: 'bookId', value: '$.identifier' }] }
  const args = [...WITH_REGION, '--action', 'addEntry', '-i', 'book=b1', '-i', 'amount=1']
  const { folder } = await doctor('of-a-mapping', { change, args: [...args, '--bundle', 'support.json'] })
  const bundle = readFileSync(join(folder, 'support.json'), 'utf8')
  expect(JSON.parse(bundle)).toMatchObject({
    ns: 'ledger',
    version: '1.0.0',
    definition: { ns: 'ledger' },
    diagnoses: [{ name: 'credentials' }, { name: 'account' }, { name: 'action', verdict: 'broken' }],
  })
  expect(bundle).not.toContain(KEY)
  expect(bundle).not.toContain('token-of-')
})
