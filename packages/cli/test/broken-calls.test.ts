/** Broken calls that need no MiniApps server: each gets an answer that a stranger can act on, kept in `golden/`. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalServer, startLocalServer } from '../../server/test/local-server.ts'
import { expectGolden } from './golden.ts'
import { cliIn, cliProcessIn, temporaryFolder } from './run-cli.ts'

const INPUT = join(import.meta.dirname, 'golden/input')
const SECRET = 'shop-secret-4711'

interface Call {
  name: string
  args: string[]
  env?: Record<string, string>
}

const withToken = ['--credential', `accessToken=${SECRET}`]

const CALLS: Call[] = [
  { name: 'unknown-command', args: ['valdate', 'shop.yaml'] },
  { name: 'unknown-subcommand', args: ['admin', 'tokens', 'list'] },
  { name: 'unknown-option', args: ['validate', 'shop.yaml', '--levle', 'schema'] },
  { name: 'missing-argument', args: ['action', 'run', 'shop.yaml'] },
  { name: 'too-many-arguments', args: ['connect', 'shop.yaml', SECRET] },
  { name: 'value-that-is-none-of-the-choices', args: ['validate', 'shop.yaml', '--level', 'strict'] },
  { name: 'missing-file', args: ['validate', 'shop.yml'] },
  { name: 'folder-without-definition', args: ['validate', 'nothing-in-here'] },
  { name: 'file-of-another-format', args: ['validate', 'nothing-in-here/notes.txt'] },
  {
    name: 'files-that-cannot-be-parsed',
    args: ['validate', 'missing-comma.json', 'comment.json', 'bad-indent.yaml', 'throws.mjs'],
  },
  { name: 'definition-with-faults', args: ['validate', 'shop.yaml', 'many-faults.json'] },
  { name: 'action-of-a-definition-with-faults', args: ['action', 'run', 'missing-comma.json', 'listOrders'] },
  { name: 'package-with-faults', args: ['validate', 'desk', '--level', 'submission'] },
  { name: 'recorded-tests-that-differ', args: ['test', 'desk'] },
  { name: 'definition-without-tests', args: ['test', 'shop.yaml'] },
  { name: 'unknown-action', args: ['action', 'run', 'shop.yaml', 'getOrders'] },
  {
    name: 'input-that-does-not-fit',
    args: ['action', 'run', 'shop.yaml', 'getOrder', '-i', 'id=x', '-i', 'note=too long'],
  },
  { name: 'input-without-key', args: ['action', 'run', 'shop.yaml', 'getOrder', '--input', '7'] },
  {
    name: 'input-that-is-not-json',
    args: ['action', 'run', 'shop.yaml', 'getOrder', '--input-json', '{id: 7}'],
  },
  { name: 'missing-credential', args: ['action', 'run', 'shop.yaml', 'getOrder', '--input', 'id=7'] },
  {
    name: 'credential-without-key',
    args: ['action', 'run', 'shop.yaml', 'getOrder', '--credential', SECRET],
  },
  { name: 'unknown-credential', args: ['connect', 'shop.yaml', '--credential', `token=${SECRET}`] },
  {
    name: 'stand-in-that-is-no-origin',
    args: [
      'action',
      'run',
      'shop.yaml',
      'getOrder',
      '-i',
      'id=7',
      ...withToken,
      '--origin',
      'shop.example=localhost',
    ],
  },
  { name: 'address-that-is-refused', args: ['action', 'run', 'shop.yaml', 'readMetadata'] },
  {
    name: 'function-that-throws',
    args: ['action', 'run', 'shop.yaml', 'split', '-i', 'amount=3', '-i', 'guests=0'],
  },
  { name: 'package-without-name', args: ['init'] },
  { name: 'template-that-there-is-not', args: ['init', 'shop-2', '--template', 'comerce'] },
  { name: 'version-that-is-too-low', args: ['diff', 'shop.yaml', 'shop-next.yaml'] },
  { name: 'version-that-is-not-raised', args: ['diff', 'shop-next.yaml', 'shop.yaml', '--json'] },
  { name: 'diff-with-a-broken-file', args: ['diff', 'shop.yaml', 'missing-comma.json'] },
  { name: 'types-into-no-folder', args: ['types', 'shop.yaml', '--out', 'no-folder/shop.ts'] },
  { name: 'unknown-source', args: ['source', 'list', 'shop.yaml', 'rpc_order'] },
  { name: 'app-on-a-server-while-signed-out', args: ['action', 'run', 'shop', 'getOrder'] },
  { name: 'server-that-is-no-address', args: ['whoami', '--server', 'localhost:4000'] },
  { name: 'link-that-is-none', args: ['login', `http://localhost:4000/${SECRET}`] },
  { name: 'logout-while-signed-out', args: ['logout'] },
  { name: 'token-that-may-do-nothing', args: ['admin', 'token', 'add', '--name', 'ci'] },
  {
    name: 'lifetime-that-is-none',
    args: ['admin', 'token', 'add', '--name', 'ci', '--all', '--expires', 'soon'],
  },
  { name: 'list-that-is-too-long', args: ['admin', 'runs', '--limit', '1000'] },
  { name: 'audit-that-is-too-long', args: ['admin', 'audit', '--limit', '0'] },
  { name: 'json-of-a-broken-call', args: ['valdate', '--json'] },
]

let shop: LocalServer
const home = temporaryFolder()
const cli = cliIn(INPUT, home.folder)
const cliProcess = cliProcessIn(INPUT, home.folder)

/** One for each way in which a process can end, and for each thing that could keep it from ending. */
const AS_PROCESSES = [
  'unknown-command',
  'missing-file',
  'files-that-cannot-be-parsed',
  'definition-with-faults',
  'address-that-is-refused',
  'function-that-throws',
  'app-on-a-server-while-signed-out',
  'json-of-a-broken-call',
]

beforeAll(async () => {
  shop = await startLocalServer((request, response) => {
    if (request.url?.startsWith('/graphql')) return response.writeHead(200).end('<h1>Shop</h1>')
    const message = `There is no order here for ${request.headers.authorization}.`
    response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ message }))
  })
})
afterAll(async () => {
  await shop.close()
  home.remove()
})

describe.concurrent('a broken call says what happened, where, and what to do next', () => {
  it.each(CALLS)('$name', async ({ name, args, env }) => {
    const run = await cli.run(args, env)
    expectGolden(name, { args, env, run, replace: { [INPUT]: '/shop' } })
    expect(run.status).toBeGreaterThan(0)
    // What stands in the wrong place may be a secret.
    expect(run.stdout + run.stderr).not.toContain(SECRET)
  })

  it.each(CALLS.filter(({ name }) => AS_PROCESSES.includes(name)))(
    '$name, as a process of its own',
    async ({ name, args, env }) => {
      const run = await cliProcess.run(args, env)
      expectGolden(name, { args, env, run, replace: { [INPUT]: '/shop' } })
    },
  )

  it('provider-error', async () => {
    const origin = `https://shop.example=${shop.origin}`
    const args = ['action', 'run', 'shop.yaml', 'getOrder', '-i', 'id=7', ...withToken, '--origin', origin]
    const run = await cli.run([...args, '--verbose'])
    expect(run.stdout).not.toContain(SECRET)
    expectGolden('provider-error', { args, run: await cli.run(args) })
  })

  it('no-server', async () => {
    const nobody = await startLocalServer(() => {})
    await nobody.close()
    const args = ['whoami', '--server', nobody.origin]
    const env = { MINIAPPS_TOKEN: 'a.b.c' }
    for (const { run } of [cli, cliProcess])
      expectGolden('no-server', { args, env, run: await run(args, env) })
  })

  it('another-kind-of-server', async () => {
    const args = ['whoami', '--server', shop.origin]
    const env = { MINIAPPS_TOKEN: 'a.b.c' }
    expectGolden('another-kind-of-server', { args, env, run: await cli.run(args, env) })
  })
})
