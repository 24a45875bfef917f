import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { FunctionCall, FunctionResult } from 'miniapp'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type LogEvent, type LogFields, silentLog } from '../log.ts'
import { createSandbox, type Sandbox } from './run-function.ts'
import { MAX_WAITING_CALLS } from './turns.ts'

/** Longer than any test: a function past it is ended by the test, not by its limit. */
const NO_LIMIT_MS = 600_000
/** Runs for hours without ever asking the interrupt handler. */
const NATIVE_LOOP = 'return { at: "a".repeat(3e7).indexOf("a".repeat(15e6) + "b") }'

function call(code: string, args: Record<string, unknown> = {}): FunctionCall {
  return { name: 'sample', params: Object.keys(args), code, args }
}

const summary = ({ outcome }: FunctionResult) => (outcome.ok ? outcome.value : outcome.failure)

const opened: Sandbox[] = []
async function open(options: Partial<Parameters<typeof createSandbox>[0]>): Promise<Sandbox> {
  const sandbox = await createSandbox({ log: silentLog, size: 2, timeMs: NO_LIMIT_MS, ...options })
  opened.push(sandbox)
  return sandbox
}
afterEach(async () => {
  for (const sandbox of opened.splice(0)) await sandbox.close()
})

/** Sandbox processes of this process. */
function childPids(parent: number = process.pid): number[] {
  return readdirSync(`/proc/${parent}/task`)
    .flatMap((task) => readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').trim().split(' '))
    .filter(Boolean)
    .map(Number)
    .filter((pid) => commandOf(pid).includes('sandbox/child.ts'))
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10)
}

describe('a function in the sandbox', () => {
  let sandbox: Sandbox
  let run: (code: string, args?: Record<string, unknown>) => Promise<FunctionResult>
  beforeAll(async () => {
    sandbox = await createSandbox({ log: silentLog, size: 2, timeMs: NO_LIMIT_MS })
    const runFunction = sandbox.forWorkspace('one')
    run = (code, args) => runFunction(call(code, args), {})
  })
  afterAll(() => sandbox.close())

  it('answers with its result and what it logged', async () => {
    const text = 'a\0b\ud800 مرحبا "quoted"'
    expect(await run('console.log(text); return { text, sum: 0.1 + 0.2 }', { text })).toEqual({
      outcome: { ok: true, value: { text, sum: 0.1 + 0.2 } },
      logs: text.replace('\ud800', '\ufffd'),
    })
  })

  it('is one of many that run and wait at once', async () => {
    const results = await Promise.all(Array.from({ length: 40 }, (_, n) => run('return { n: n * 2 }', { n })))
    expect(results.map(summary)).toEqual(results.map((_, n) => ({ n: n * 2 })))
  })

  it('takes arguments and gives results as large as they may be', async () => {
    const code = 'return { a: text.slice(0, 1e6), length: text.length }'
    const result = await run(code, { text: 'x'.repeat(10 << 20) })
    expect(summary(result)).toEqual({ a: 'x'.repeat(1e6), length: 10 << 20 })
  })

  it.each([
    ['memory', 'by a list without end', 'let l = null; for (;;) l = { l }'],
    ['memory', 'by large arrays', 'const a = []; for (;;) a.push(new Array(1e5).fill(1))'],
    ['stack', 'by recursion', 'return (function f() { return f() })()'],
    ['stack', 'inside JSON.parse', 'return JSON.parse("[".repeat(2e5))'],
    ['result', 'by a huge result', 'return { a: "x".repeat(2 << 20) }'],
    ['result', 'by a promise', 'return import("node:fs")'],
    ['threw', 'by process', 'return process.exit(1)'],
    ['threw', 'by require', 'return require("child_process")'],
    [
      'threw',
      'by the constructor of a constructor',
      'return { a: console.log.constructor.constructor("return process")() }',
    ],
    ['syntax', 'by its text', 'return {'],
  ])('ends as "%s" %s, and the next one runs', async (failure, _, code) => {
    expect(summary(await run(code))).toBe(failure)
    expect(summary(await run('return { left: typeof globalThis.l }'))).toEqual({ left: 'undefined' })
  })

  it('tells what it logged before it failed', async () => {
    expect(await run('console.log("here"); throw new Error("no such sheet")')).toEqual({
      outcome: { ok: false, failure: 'threw', message: 'no such sheet' },
      logs: 'here',
    })
  })

  it('is not seen by the next one, also after it used much memory', async () => {
    await run('globalThis.kept = new Array(1e6).fill(1); Object.prototype.kept = 1; return {}')
    expect(summary(await run('return { kept: typeof {}.kept }'))).toEqual({ kept: 'undefined' })
  })

  it('reads local time as UTC', async () => {
    const code = 'return { offset: new Date(2024, 6, 1).getTimezoneOffset() }'
    expect(summary(await run(code))).toEqual({ offset: 0 })
  })
})

describe('the time limit', () => {
  it.each([
    ['in a loop', 'for (;;);'],
    ['inside indexOf', NATIVE_LOOP],
    ['inside BigInt', 'return { a: String(3n ** 660000n).length }'],
  ])('ends a function %s, and the next one runs', async (_, code) => {
    const sandbox = await open({ size: 1, timeMs: 250 })
    const runFunction = sandbox.forWorkspace('one')
    expect((await runFunction(call(code), {})).outcome).toEqual({
      ok: false,
      failure: 'time',
      message: 'The function "sample" ran longer than 0.25 s and was stopped.',
    })
    let next: unknown
    do next = summary(await runFunction(call('return { n: 1 }'), {}))
    while (next === 'time')
    expect(next).toEqual({ n: 1 })
  })
})

describe('one workspace', () => {
  it('never holds the last process: a neighbour is served while hostile functions loop', async () => {
    const sandbox = await open({ size: 3 })
    const hostile = Array.from({ length: 6 }, () => sandbox.forWorkspace('hostile')(call(NATIVE_LOOP), {}))
    const outcomes = Promise.allSettled(hostile)
    for (let n = 0; n < 3; n++) {
      const result = await sandbox.forWorkspace('neighbour')(call('return { n }', { n }), {})
      expect(summary(result)).toEqual({ n })
    }
    await sandbox.close()
    expect((await outcomes).map(({ status }) => status)).toEqual(hostile.map(() => 'rejected'))
  })

  it('is not given the last process while the one that it cost is being replaced', async () => {
    const sandbox = await open({ timeMs: 200, size: 2 })
    const hostile = sandbox.forWorkspace('hostile')
    const neighbour = sandbox.forWorkspace('neighbour')
    await neighbour(call('return {}'), {})
    await expect.poll(() => sandbox.load().idle).toBe(2)
    const order: string[] = []
    const killed = hostile(call(NATIVE_LOOP), {}).then(() => order.push('killed'))
    const next = hostile(call('return {}'), {}).then(() => order.push('next of the hostile'))
    await killed
    // Its process is gone and the next one not there yet: whoever asks now finds one idle, the hostile none.
    await neighbour(call('return {}'), {}).then(() => order.push('neighbour'))
    await next
    expect(order).toEqual(['killed', 'neighbour', 'next of the hostile'])
  })

  it('that has too many calls waiting is told so, and others are not kept from waiting', async () => {
    const sandbox = await open({ size: 2 })
    const run = sandbox.forWorkspace('one')
    const calls = Array.from({ length: MAX_WAITING_CALLS + 2 }, () => run(call(NATIVE_LOOP), {}))
    const outcomes = Promise.allSettled(calls)
    await expect(calls.at(-1)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: '200 calls of App Functions of this workspace wait already; try again when they are done.',
      details: { retryAfterMs: NO_LIMIT_MS },
    })
    expect(summary(await sandbox.forWorkspace('two')(call('return { n: 1 }'), {}))).toEqual({ n: 1 })
    await sandbox.close()
    await outcomes
  })

  it('takes turns with others, whoever queued first', async () => {
    const sandbox = await open({ size: 1 })
    const order: string[] = []
    const run = async (workspace: string) => {
      await sandbox.forWorkspace(workspace)(call('return {}'), {})
      order.push(workspace)
    }
    await Promise.all([run('a'), run('a'), run('a'), run('b'), run('c'), run('b')])
    expect(order).toEqual(['a', 'a', 'b', 'c', 'a', 'b'])
  })
})

describe('a call that is aborted', () => {
  it('rejects with the reason while it waits, and others keep their turn', async () => {
    const sandbox = await open({ size: 2 })
    const blocking = sandbox.forWorkspace('one')(call(NATIVE_LOOP), {})
    const controller = new AbortController()
    const waiting = sandbox.forWorkspace('one')(call('return {}'), { signal: controller.signal })
    const reason = new Error('deadline')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(summary(await sandbox.forWorkspace('two')(call('return { n: 1 }'), {}))).toEqual({ n: 1 })
    await Promise.all([sandbox.close(), expect(blocking).rejects.toThrow('The sandbox was closed')])
  })

  it('rejects at once where it was aborted before', async () => {
    const sandbox = await open({ size: 1 })
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(sandbox.forWorkspace('one')(call('return {}'), { signal })).rejects.toThrow('too late')
  })
})

describe('a process', () => {
  it('is started before a call needs it, and no more of them than that', async () => {
    const sandbox = await open({ size: 3 })
    const idleAndBusy = () => ({ ...sandbox.load(), pids: childPids().length })
    expect(idleAndBusy()).toMatchObject({ idle: 1, busy: 0, pids: 1 })
    const looping: Promise<unknown>[] = []
    for (const [index, workspaceId] of ['one', 'two'].entries()) {
      const running = sandbox.forWorkspace(workspaceId)(call(NATIVE_LOOP), {})
      looping.push(running.catch((error: Error) => error.message))
      await expect.poll(idleAndBusy).toMatchObject({ idle: 1, busy: index + 1, pids: index + 2 })
    }
    const third = sandbox.forWorkspace('three')(call('return {}'), {})
    expect(idleAndBusy()).toMatchObject({ starting: 0, pids: 3 })
    expect((await third).outcome.ok).toBe(true)
    await sandbox.close()
    const closed = expect.stringContaining('The sandbox was closed')
    expect(await Promise.all(looping)).toEqual([closed, closed])
  })

  it('that is killed from outside ends its call as a crash, is replaced and logged', async () => {
    const events: [LogEvent, LogFields | undefined][] = []
    const log = { ...silentLog, warn: (event: LogEvent, fields?: LogFields) => events.push([event, fields]) }
    const sandbox = await open({ size: 1, log })
    const [pid] = childPids()
    const running = sandbox.forWorkspace('one')(call(NATIVE_LOOP), {})
    process.kill(pid ?? 0, 'SIGKILL')
    expect((await running).outcome).toEqual({
      ok: false,
      failure: 'crash',
      message: 'The function "sample" crashed its sandbox and was stopped.',
    })
    expect(summary(await sandbox.forWorkspace('one')(call('return { n: 1 }'), {}))).toEqual({ n: 1 })
    expect(events.filter(([event]) => event === 'sandbox.replaced')).toEqual([
      [
        'sandbox.replaced',
        expect.objectContaining({ status: 'crash', workspaceId: 'one', function: 'sample' }),
      ],
    ])
  })

  it('that is killed while idle is replaced', async () => {
    const sandbox = await open({ size: 1 })
    const [pid] = childPids()
    process.kill(pid ?? 0, 'SIGKILL')
    await until(() => commandOf(pid ?? 0) === '')
    const result = await sandbox.forWorkspace('one')(call('return { n: 1 }'), {})
    expect(['crash', { n: 1 }]).toContainEqual(summary(result))
    expect(summary(await sandbox.forWorkspace('one')(call('return { n: 2 }'), {}))).toEqual({ n: 2 })
  })

  it('ignores the signals of a terminal: its parent decides when to end', async () => {
    const sandbox = await open({ size: 1 })
    const pids = childPids()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pids[0] ?? 0, signal)
    expect(summary(await sandbox.forWorkspace('one')(call('return { n: 1 }'), {}))).toEqual({ n: 1 })
    expect(childPids()).toEqual(pids)
  })

  it('is gone once the sandbox is closed, which refuses further calls', async () => {
    const sandbox = await open({ size: 2 })
    await sandbox.close()
    expect(childPids()).toEqual([])
    await expect(sandbox.forWorkspace('one')(call('return {}'), {})).rejects.toThrow('The sandbox is closed.')
  })

  it('dies with its parent, idle or inside a loop that never asks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'miniapps-sandbox-'))
    const script = join(folder, 'parent.mjs')
    const url = (name: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, name)).href)
    writeFileSync(
      script,
      `const { createSandbox } = await import(${url('run-function.ts')})
       const { silentLog } = await import(${url('../log.ts')})
       const sandbox = await createSandbox({ log: silentLog, size: 2, timeMs: ${NO_LIMIT_MS} })
       sandbox.forWorkspace('one')(${JSON.stringify(call(NATIVE_LOOP))}, {}).catch(() => {})
       process.send(sandbox.locks)`,
    )
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    try {
      const [locks] = (await once(parent, 'message')) as [Sandbox['locks']]
      await until(() => childPids(parent.pid).length === 2)
      const pids = childPids(parent.pid)
      parent.kill('SIGKILL')
      await once(parent, 'exit')
      if (locks.parentDeath) await until(() => pids.every((pid) => commandOf(pid) === ''))
      else await until(() => pids.some((pid) => commandOf(pid) === ''))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
