import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  LOCKED_SPAWN_OPTIONS,
  lockedCommand,
  probeLocks,
  type SandboxLocks,
  sandboxCommand,
} from './launch.ts'

/** What code that broke out of WebAssembly would try. Each attempt answers with an error code, or "worked". */
const HOSTILE = `
import { execFileSync, spawnSync } from 'node:child_process'
import dgram from 'node:dgram'
import dns from 'node:dns'
import fs from 'node:fs'
import net from 'node:net'
import { WASI } from 'node:wasi'
import { Worker } from 'node:worker_threads'
const [port, secret, own] = process.argv.slice(2)
const now = (work) => async () => { const value = work(); return value instanceof Promise ? value : 'worked' }
const connect = (options) => () => new Promise((done, fail) => net.connect(options, () => done('worked')).on('error', fail))
const attempts = {
  connectV4: connect({ host: '127.0.0.1', port }),
  connectV6: connect({ host: '::1', port }),
  connectOut: connect({ host: '192.0.2.1', port: 80 }),
  udp: () => new Promise((done, fail) => dgram.createSocket('udp4').send('x', 53, '192.0.2.1', (error) => (error ? fail(error) : done('worked')))),
  resolve: () => new Promise((done, fail) => dns.lookup('example.com', (error) => (error ? fail(error) : done('worked')))),
  readFile: now(() => fs.readFileSync(secret)),
  readSystem: now(() => fs.readFileSync('/etc/passwd')),
  readEnvironment: now(() => fs.readFileSync('/proc/self/environ')),
  list: now(() => fs.readdirSync('/')),
  write: now(() => fs.writeFileSync(own + '.new', 'x')),
  overwrite: now(() => fs.writeFileSync(own, 'x')),
  execute: now(() => execFileSync('/bin/true')),
  execute2: now(() => { const { error } = spawnSync('/bin/true'); if (error) throw error }),
  worker: now(() => new Worker('1', { eval: true })),
  wasi: now(() => new WASI({ version: 'preview1', preopens: { '/': '/' } })),
  dlopen: now(() => process.dlopen({ exports: {} }, '/nowhere.node')),
  evaluate: now(() => (0, eval)('1')),
  inspector: async () => { (await import('node:inspector')).open(0); return 'worked' },
}
const results = {}
for (const [name, attempt] of Object.entries(attempts)) {
  try { results[name] = await attempt() } catch (error) { results[name] = error.code ?? error.name }
}
process.stdout.write(JSON.stringify({ results, env: Object.keys(process.env), channel: typeof process.send }), () => process.exit(0))
`

let locks: SandboxLocks
let folder: string
let server: Server
let connections = 0
let report: { results: Record<string, string>; env: string[]; channel: string }

beforeAll(async () => {
  locks = await probeLocks()
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'miniapps-locks-')))
  const [script, secret] = [join(folder, 'hostile.mjs'), join(folder, 'secret.txt')]
  writeFileSync(script, HOSTILE)
  writeFileSync(secret, 'secret')
  server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await once(server.listen(0), 'listening')
  const { port } = server.address() as AddressInfo
  const command = lockedCommand(locks, { script, args: [String(port), secret, script], readable: [script] })
  const child = spawn(command.file, command.args, LOCKED_SPAWN_OPTIONS)
  const [answer, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (answer === '') throw new Error(errors)
  report = JSON.parse(answer)
})

afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('hostile code in a process behind the locks', () => {
  it.each([
    'readFile',
    'readSystem',
    'readEnvironment',
    'list',
    'write',
    'overwrite',
    'execute',
    'execute2',
    'worker',
    'wasi',
    'inspector',
  ])('is refused: %s', (attempt) => {
    expect(report.results[attempt]).toBe('ERR_ACCESS_DENIED')
  })

  it('cannot load native code', () => {
    expect(report.results['dlopen']).toBe('ERR_DLOPEN_DISABLED')
  })

  it('cannot make code from text', () => {
    expect(report.results['evaluate']).toBe('EvalError')
  })

  it('finds nothing in the environment', () => {
    expect(report.env).toEqual([])
  })

  it('has no channel of Node, by which a message could end the server', () => {
    expect(report.channel).toBe('undefined')
  })

  it('has no network where the machine allows the lock', ({ skip }) => {
    skip(locks.network === 'none', 'this machine has neither root nor user namespaces')
    const { connectV4, connectV6, connectOut, udp, resolve } = report.results
    for (const result of [connectV4, connectV6, connectOut, udp, resolve]) {
      expect(result).toMatch(/^(ENETUNREACH|ECONNREFUSED|EADDRNOTAVAIL|EAI_AGAIN|ENOTFOUND)$/)
    }
    expect(connections).toBe(0)
  })
})

describe('the sandbox command', () => {
  it('lets the process read its own program and nothing else', () => {
    const allowed = sandboxCommand(locks).args.filter((arg) => arg.startsWith('--allow-'))
    const kinds = allowed.map((arg) => arg.replace(/=.*\/(?=(packages|node_modules)\/)/, '='))
    expect(kinds.sort()).toEqual([
      '--allow-fs-read=node_modules/@jitl/quickjs-ffi-types/',
      '--allow-fs-read=node_modules/@jitl/quickjs-wasmfile-debug-asyncify/',
      '--allow-fs-read=node_modules/@jitl/quickjs-wasmfile-debug-sync/',
      '--allow-fs-read=node_modules/@jitl/quickjs-wasmfile-release-asyncify/',
      '--allow-fs-read=node_modules/@jitl/quickjs-wasmfile-release-sync/',
      '--allow-fs-read=node_modules/quickjs-emscripten-core/',
      '--allow-fs-read=node_modules/quickjs-emscripten/',
      '--allow-fs-read=packages/miniapp/src/run/evaluate-function-globals.ts',
      '--allow-fs-read=packages/miniapp/src/run/evaluate-function-image.ts',
      '--allow-fs-read=packages/miniapp/src/run/evaluate-function-limits.ts',
      '--allow-fs-read=packages/miniapp/src/run/evaluate-function-prelude.ts',
      '--allow-fs-read=packages/miniapp/src/run/evaluate-function.ts',
      '--allow-fs-read=packages/server/src/sandbox/child.ts',
      '--allow-fs-read=packages/server/src/sandbox/frame.ts',
    ])
  })
})
