import { afterAll, expect, it } from 'vitest'
import { createLocalFunctions } from './run-function.ts'

const functions = createLocalFunctions()
afterAll(() => functions.close())

const run = (code: string, args: Record<string, unknown> = {}) =>
  functions.runFunction({ name: 'f', params: Object.keys(args), code, args }, {})

it('answers what the function returned and what it logged', async () => {
  expect(await run('console.log("seen", a); return { b: a + 1 }', { a: 1 })).toEqual({
    outcome: { ok: true, value: { b: 2 } },
    logs: expect.stringContaining('seen 1'),
  })
})

it.each([
  ['throws', 'throw new Error("no")', 'threw'],
  ['returns no object', 'return 3', 'result'],
  ['never ends', 'while (true) {}', 'time'],
  ['never ends inside a built-in', 'const s = "a".repeat(2 ** 22); for (;;) s.lastIndexOf("b" + s)', 'time'],
])('ends a function that %s, and runs the next one', async (_name, code, failure) => {
  const [ended, next] = await Promise.all([run(code), run('return { next: true }')])
  expect(ended.outcome).toMatchObject({ ok: false, failure })
  expect(next.outcome).toEqual({ ok: true, value: { next: true } })
})
