import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { expectGolden } from './golden.ts'
import { cliIn, temporaryFolder } from './run-cli.ts'

const FINDINGS = fileURLToPath(new URL('../../miniapp/findings/', import.meta.url))
const home = temporaryFolder()
const cli = cliIn(home.folder, home.folder)
afterAll(() => home.remove())

describe.concurrent('miniapps explain', () => {
  it.each([
    { name: 'explain-finding', args: ['explain', 'host-from-input'], status: 0 },
    { name: 'explain-what-is-taken-out', args: ['explain', 'triggers-without-webhook'], status: 0 },
    { name: 'explain-syntax', args: ['explain', 'syntax'], status: 0 },
    { name: 'explain-unknown-code', args: ['explain', 'hst-from-input'], status: 2 },
  ])('$name', async ({ name, args, status }) => {
    const run = await cli.run(args)
    expectGolden(name, { args, run })
    expect(run.status).toBe(status)
  })

  it('gives machines the example as it is stored', async () => {
    const { status, document } = await cli.json(['explain', 'unknown-value'])
    expect(status).toBe(0)
    expect(document).toMatchObject({
      code: 'unknown-value',
      severity: 'error',
      path: '/actions/0/requests/1/method',
      wrong: { '/actions/0/requests/1/method': 'post' },
    })
  })

  it('lists every code that can be explained', async () => {
    const { document } = await cli.json(['explain'])
    const { codes } = document as { codes: { code: string }[] }
    const explained = readdirSync(FINDINGS)
      .filter((file) => file.endsWith('.json') && file !== 'base.json')
      .map((file) => file.replace(/\.json$/, ''))
    expect(codes.map(({ code }) => code).sort()).toEqual([...explained, 'module', 'syntax'].sort())
  })
})
