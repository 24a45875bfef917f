import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runProgram } from './run-program.ts'

const INPUT = join(import.meta.dirname, '../test/golden/input')
/** As npm calls it, with the place that the user is in. */
const ENV = { npm_lifecycle_event: 'miniapps', INIT_CWD: INPUT, XDG_CONFIG_HOME: '/nowhere' }
const ESCAPE = '\u001b['

async function run(args: string[], { isTTY = false, env = {} } = {}) {
  const written = { out: '', err: '' }
  const stdout = { isTTY, write: (text: string) => (written.out += text) }
  const stderr = { isTTY, write: (text: string) => (written.err += text) }
  const status = await runProgram(args, { ...ENV, ...env }, { stdout, stderr })
  return { ...written, status }
}

describe('--json prints one document on standard output and nothing else', () => {
  it.each([
    ['a result', ['validate', 'shop.yaml', '--json'], 0, { ok: true, errors: 0 }],
    ['findings', ['--json', 'validate', 'many-faults.json'], 1, { ok: false, errors: 8 }],
    [
      'a definition with faults',
      ['action', 'run', 'comment.json', 'x', '--json'],
      1,
      { ok: false, errors: 1 },
    ],
    [
      'a failed action',
      ['action', 'run', 'shop.yaml', 'getOrder', '--json'],
      1,
      { success: false, data: null },
    ],
    ['a wrong option', ['validate', '--json', '--nonsense'], 2, { error: { kind: 'usage' } }],
    ['a command that is missing', ['admin', '--json'], 2, { error: { kind: 'usage' } }],
    ['a missing file', ['validate', 'nowhere.json', '--json'], 6, { error: { kind: 'unreadable' } }],
    ['nobody signed in', ['whoami', '--json'], 4, { error: { kind: 'unauthorized' } }],
  ])('%s', async (_name, args, status, document) => {
    const { out, err, status: ended } = await run(args, { isTTY: true })
    expect(JSON.parse(out)).toMatchObject(document)
    expect({ err, ended }).toEqual({ err: '', ended: status })
  })
})

describe('colour', () => {
  const args = ['validate', 'many-faults.json']
  it('is there on a terminal, for results and errors', async () => {
    expect((await run(args, { isTTY: true })).out).toContain(ESCAPE)
    expect((await run(['nonsense'], { isTTY: true })).err).toContain(ESCAPE)
    expect((await run(['--help'], { isTTY: true })).out).toContain(ESCAPE)
  })

  it.each([
    ['elsewhere', false, {}],
    ['where NO_COLOR is set', true, { NO_COLOR: '1' }],
    ['on a dumb terminal', true, { TERM: 'dumb' }],
  ])('is not there %s', async (_name, isTTY, env) => {
    expect((await run(args, { isTTY, env })).out).not.toContain(ESCAPE)
    expect((await run(['nonsense'], { isTTY, env })).err).not.toContain(ESCAPE)
    expect((await run(['--help'], { isTTY, env })).out).not.toContain(ESCAPE)
  })
})

describe('help', () => {
  it('stands on standard output where it was asked for', async () => {
    const { out, err, status } = await run(['--help'])
    expect(out).toMatch(/^Usage: miniapps/)
    expect(out).toContain('Exit codes:')
    expect({ err, status }).toEqual({ err: '', status: 0 })
  })

  it('stands on standard error in the place of a command that is missing', async () => {
    const { out, err, status } = await run([])
    expect(err).toMatch(/^Usage: miniapps/)
    expect({ out, status }).toEqual({ out: '', status: 2 })
  })

  it.each([
    ['validate'],
    ['action', 'run'],
    ['source', 'list'],
    ['connect'],
    ['login'],
    ['logout'],
    ['whoami'],
    ['admin', 'app', 'list'],
    ['admin', 'app', 'register'],
    ['admin', 'app', 'install'],
    ['admin', 'app', 'connect'],
    ['admin', 'app', 'disconnect'],
    ['admin', 'app', 'uninstall'],
    ['admin', 'token', 'add'],
    ['admin', 'token', 'list'],
    ['admin', 'token', 'remove'],
    ['admin', 'runs'],
    ['admin', 'run'],
    ['admin', 'workspace', 'add'],
    ['admin', 'workspace', 'list'],
    ['admin', 'workspace', 'link'],
  ])('of %s %s %s has an example', async (...path) => {
    const { out, status } = await run([...path, '--help'])
    expect(status).toBe(0)
    expect(out).toMatch(new RegExp(`\\$ .*miniapps ${path.join(' ')}`))
  })
})
