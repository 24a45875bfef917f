import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSWASMModule,
  RELEASE_SYNC,
} from 'quickjs-emscripten'
import { beforeEach, describe, expect, it } from 'vitest'
import type { FunctionCall, FunctionResult } from './effects.ts'
import { createFunctionEngine, type FunctionEngine } from './evaluate-function.ts'
import {
  FUNCTION_INPUT_BYTES,
  FUNCTION_LOG_BYTES,
  FUNCTION_MEMORY_BYTES,
  FUNCTION_RESULT_BYTES,
} from './evaluate-function-limits.ts'

const PAGE_BYTES = 65_536

async function freshModule(): Promise<QuickJSWASMModule> {
  const wasmMemory = new WebAssembly.Memory({ initial: 256, maximum: FUNCTION_MEMORY_BYTES / PAGE_BYTES })
  return newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory }))
}

let engine: FunctionEngine
beforeEach(async () => {
  engine = createFunctionEngine(await freshModule())
})

function call(code: string, args: Record<string, unknown> = {}): FunctionCall {
  return { name: 'sample', params: Object.keys(args), code, args }
}

/** Interrupts after so many questions of the engine: a clock that depends on nothing but the work done. */
function run(code: string, args?: Record<string, unknown>): FunctionResult {
  let questions = 2_000
  return engine.evaluate(call(code, args), { shouldInterrupt: () => questions-- <= 0 })
}

function answerOf(result: FunctionResult): unknown {
  return result.outcome.ok ? result.outcome.value : result.outcome
}

function failureOf(result: FunctionResult): [string, string] {
  return result.outcome.ok ? ['none', ''] : [result.outcome.failure, result.outcome.message]
}

describe('a function', () => {
  it('gets its parameters by name and answers with the object it returns', () => {
    expect(answerOf(run('return { sum: a + b.c, list }', { a: 1, b: { c: 2 }, list: [1, [2]] }))).toEqual({
      sum: 3,
      list: [1, [2]],
    })
  })

  it('sees undefined for a parameter without an argument, also where its name is a built-in of objects', () => {
    const outcome = engine.evaluate({
      name: 'sample',
      params: ['missing', 'toString', 'given'],
      code: 'return { missing: typeof missing, toString: typeof toString, given }',
      args: { given: null },
    }).outcome
    expect(outcome).toEqual({ ok: true, value: { missing: 'undefined', toString: 'undefined', given: null } })
  })

  it.each([
    ['decimals', [0.1, 0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, 123456789.12345679]],
    ['whole numbers', [0, -1, 2 ** 53, 2 ** 53 + 2, 1e21, -1e300]],
    ['text of other scripts', ['مرحبا', '日本語', '😀', 'e\u0301']],
    ['text with NUL, line separators and lone surrogates', ['a\0b', '\u2028\u2029', '\ud800', 'x\udfff']],
    ['text with quotes and escapes', ['"\\\n\t\u0007', '${x}', '</script>', '`']],
  ])('gets and gives back exactly: %s', (_, values) => {
    expect(answerOf(run('return { values }', { values }))).toEqual({ values })
  })

  it('keeps members named like built-ins of objects as data', () => {
    const args = JSON.parse('{"value":{"__proto__":{"admin":true},"constructor":1}}') as Record<
      string,
      unknown
    >
    const result = answerOf(
      run('return { ...value, own: Object.keys(value), admin: {}.admin === undefined }', args),
    )
    expect(result).toMatchObject({ constructor: 1, own: ['__proto__', 'constructor'], admin: true })
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it('may hold any text a body may hold', () => {
    expect(answerOf(run('return { a: "\0".length, b: `${1 + 1}` } // no line end'))).toEqual({ a: 1, b: '2' })
  })

  it('leaves out members that are undefined', () => {
    expect(answerOf(run('return { a: undefined, b: 1 }'))).toEqual({ b: 1 })
  })

  it('has the built-ins of ECMAScript 2023', () => {
    const code = `
      const last = [1, 2, 3].findLast((n) => n < 3)
      const named = /(?<year>\\d{4})/.exec('in 2024').groups.year
      return { last, named, sorted: [3, 1].toSorted(), at: 'abc'.at(-1), own: Object.hasOwn({ a: 1 }, 'a'),
        big: String(2n ** 70n), map: [...new Map([[1, 2]])], when: new Date(0).toISOString() }`
    expect(answerOf(run(code))).toEqual({
      last: 2,
      named: '2024',
      sorted: [1, 3],
      at: 'c',
      own: true,
      big: '1180591620717411303424',
      map: [[1, 2]],
      when: '1970-01-01T00:00:00.000Z',
    })
  })
})

describe('nothing survives a call', () => {
  it.each([
    ['globals', 'globalThis.left = 1; return {}', 'return { left: typeof left }', { left: 'undefined' }],
    [
      'a polluted prototype',
      'Object.prototype.admin = true; Array.prototype.map = null; return {}',
      'return { admin: typeof {}.admin, map: typeof [].map }',
      { admin: 'undefined', map: 'function' },
    ],
    [
      'replaced built-ins',
      'JSON.stringify = () => "{}"; globalThis.Object = null; return {}',
      'return { text: JSON.stringify([1]) }',
      { text: '[1]' },
    ],
  ])('%s', (_, first, second, expected) => {
    run(first)
    expect(answerOf(run(second))).toEqual(expected)
  })
})

describe('an engine', () => {
  const spentBy = (code: string) => {
    run(code)
    return engine.isSpent()
  }

  it('is good for another call after a result, and after an error of the function', () => {
    expect(['return { a: 1 }', 'throw new Error("no")', 'return 1', 'let ='].map(spentBy)).not.toContain(true)
  })

  it.each([
    ['ran out of time', 'for (;;);'],
    ['called itself too deeply', '(function f() { f() })()'],
    ['made the memory grow', 'return { length: "x".repeat(20 << 20).length }'],
  ])('is spent once a function %s', (_, code) => {
    expect(spentBy(code)).toBe(true)
  })

  it('is as before even where a function wrote into its memory (quickjs issue 508)', async () => {
    const module = await freshModule()
    engine = createFunctionEngine(module)
    const memory = () => new Uint8Array(module.getWasmMemory().buffer)
    const before = memory().slice()
    run(`const evil = (buffer) => ({ valueOf() { buffer.resize(0); return 0x41414141 } })
         for (let i = 0; i < 500; i++) {
           const buffer = new ArrayBuffer(16 + i * 8, { maxByteLength: 65536 })
           Atomics.store(new Int32Array(buffer), 2, evil(buffer))
         }
         return {}`)
    expect(Buffer.compare(memory(), before)).not.toBe(0)
    engine.reset({ wipe: true })
    expect(Buffer.compare(memory(), before)).toBe(0)
  })

  it('leaves nothing of a call in its memory once it is wiped', async () => {
    const module = await freshModule()
    engine = createFunctionEngine(module)
    const holds = (text: string) => Buffer.from(module.getWasmMemory().buffer).includes(text)
    expect(answerOf(run('return { length: a.length }', { a: 'canary'.repeat(1e5) }))).toEqual({ length: 6e5 })
    expect(holds('canarycanary')).toBe(true)
    engine.reset({ wipe: true })
    expect(holds('canarycanary')).toBe(false)
  })

  it('rolls other dice for every call', () => {
    let last = 0
    const random = () => ++last / 1e6
    const roll = () => engine.evaluate(call('return { a: Math.random(), b: Math.random() }'), { random })
    const rolls = [roll(), roll()].flatMap((result) => Object.values(answerOf(result) as object) as number[])
    expect(new Set(rolls).size).toBe(4)
    expect(rolls.every((roll) => roll >= 0 && roll < 1)).toBe(true)
  })

  it('rolls dice that fall evenly', () => {
    const code = `const counts = new Array(10).fill(0)
      for (let i = 0; i < 20000; i++) counts[Math.floor(Math.random() * 10)]++
      return { counts }`
    const { counts } = answerOf(engine.evaluate(call(code))) as { counts: number[] }
    expect(Math.min(...counts)).toBeGreaterThan(1_850)
    expect(Math.max(...counts)).toBeLessThan(2_150)
  })
})

describe('a result that is no plain JSON object is refused', () => {
  it.each([
    ['nothing', '', 'must return a plain object; it returned undefined.'],
    ['null', 'return null', 'must return a plain object; it returned null.'],
    ['an array', 'return [1]', 'must return a plain object; it returned an array.'],
    ['a number', 'return 1', 'must return a plain object; it returned a number.'],
    ['text', 'return "x"', 'must return a plain object; it returned a string.'],
    ['a function', 'return () => 1', 'must return a plain object; it returned a function.'],
    ['a Map', 'return new Map()', 'must return a plain object; it returned an instance of Map.'],
    [
      'a promise',
      'return Promise.resolve({})',
      'returned a promise; functions run synchronously, without async and await.',
    ],
    [
      'an async function',
      'return (async () => ({}))()',
      'returned a promise; functions run synchronously, without async and await.',
    ],
    [
      'a dynamic import',
      'return import("fs")',
      'returned a promise; functions run synchronously, without async and await.',
    ],
    ['NaN inside', 'return { a: { b: [1, NaN] } }', 'returned NaN at a.b[1], which JSON cannot hold.'],
    ['Infinity inside', 'return { a: 1 / 0 }', 'returned Infinity at a, which JSON cannot hold.'],
    [
      'a Date inside',
      'return { at: new Date(0) }',
      'returned an instance of Date at at, which JSON cannot hold.',
    ],
    [
      'undefined in an array',
      'return { a: [undefined] }',
      'returned undefined at a[0], which JSON cannot hold.',
    ],
    ['a function inside', 'return { a() {} }', 'returned a function at a, which JSON cannot hold.'],
    ['a BigInt inside', 'return { a: 1n }', 'returned a bigint at a, which JSON cannot hold.'],
    ['a symbol inside', 'return { a: Symbol() }', 'returned a symbol at a, which JSON cannot hold.'],
    [
      'a circular reference',
      'const a = {}; a.self = { a }; return a',
      'returned a circular reference at self.a, which JSON cannot hold.',
    ],
  ])('%s', (_, code, text) => {
    expect(failureOf(run(code))).toEqual(['result', `The function "sample" ${text}`])
  })

  it('but one object in two places is fine', () => {
    expect(answerOf(run('const a = { n: 1 }; return { x: a, y: [a, a] }'))).toEqual({
      x: { n: 1 },
      y: [{ n: 1 }, { n: 1 }],
    })
  })

  it('also where the function replaced what checks it', () => {
    const code =
      'Object.getPrototypeOf = () => Object.prototype; Object.prototype.toJSON = () => [1]; return {}'
    expect(failureOf(run(code))[0]).toBe('result')
  })

  it.each([
    ['takes 1 MiB', 0, 'none'],
    ['takes one byte more', 1, 'result'],
  ])('and one that %s of JSON text ends as %s', (_, more, expected) => {
    const overhead = '{"a":""}'.length
    const result = run('return { a: "x".repeat(length) }', {
      length: FUNCTION_RESULT_BYTES - overhead + more,
    })
    expect(failureOf(result)[0]).toBe(expected)
  })

  it('and the limit counts bytes, not characters', () => {
    const [failure, message] = failureOf(
      run('return { a: "é".repeat(length) }', { length: FUNCTION_RESULT_BYTES / 2 }),
    )
    expect([failure, message]).toEqual(['result', 'The function "sample" returned more than 1 MiB.'])
  })
})

describe('a failure says what happened', () => {
  it.each([
    ['an error', 'throw new Error("Sheet not found")', 'Sheet not found'],
    ['an error of a class of its own', 'class E extends Error {}; throw new E("no row 7")', 'no row 7'],
    ['text', 'throw "just text"', 'just text'],
    ['an object with a message', 'throw { message: "from an object" }', 'from an object'],
    ['null', 'throw null', 'null'],
    [
      'an error without a message',
      'throw new RangeError()',
      'The function "sample" threw RangeError without a message.',
    ],
    ['a mistake', 'return missing.name', "'missing' is not defined"],
    ['bad JSON at run time', 'return JSON.parse("{")', 'expecting property name'],
    ['require', 'return require("fs")', "'require' is not defined"],
    ['process', 'return { env: process.env }', "'process' is not defined"],
    [
      'an error that looks like a limit',
      'throw new Error("stack overflow, out of memory")',
      'stack overflow, out of memory',
    ],
    [
      'a value that resists being read',
      'throw new Proxy({}, { getPrototypeOf() { throw 1 } })',
      'The function "sample" threw a value that cannot be read.',
    ],
  ])('threw: %s', (_, code, message) => {
    expect(failureOf(run(code))).toEqual(['threw', message])
  })

  it('cuts a message that is longer than anybody reads', () => {
    expect(failureOf(run('throw new Error("x".repeat(1e6))'))[1]).toHaveLength(2_000)
  })

  it.each([
    ['a missing value', 'const a = 1\nlet x = ;', 'line 2', "unexpected token in expression: ';'"],
    ['await', 'await 1', 'line 1', "expecting ';'"],
    ['a static import', 'import fs from "fs"', 'line 1', "expecting '('"],
  ])('syntax: %s, with its line', (_, code, line, reason) => {
    expect(failureOf(run(code))).toEqual([
      'syntax',
      `The function "sample" is not valid JavaScript, ${line}: ${reason}.`,
    ])
  })

  it.each([
    ['endless', 'for (;;);'],
    ['endless, catching everything', 'for (;;) { try { for (;;); } catch {} finally { for (;;); } }'],
    ['endless in a getter of what is thrown', 'throw { get message() { for (;;); } }'],
    ['endless in a toJSON of the result', 'return { get a() { for (;;); } }'],
    ['a regular expression that backtracks', 'return { a: /^(a+)+$/.test("a".repeat(40) + "b") }'],
  ])('time: %s', (_, code) => {
    expect(failureOf(run(code))).toEqual([
      'time',
      'The function "sample" ran longer than 2 s and was stopped.',
    ])
  })

  it.each([
    ['arrays', 'const a = []; for (;;) a.push(new Array(10000).fill(1.5))'],
    ['typed arrays', 'const a = []; for (;;) a.push(new Uint8Array(1 << 20))'],
    ['one large allocation', 'return { a: new Uint8Array(200 << 20).length }'],
    ['one long text', 'let s = "x"; for (;;) s += s'],
    ['a list without end, where no room is left for the error', 'let l = null; for (;;) l = { l }'],
    [
      'going on after the first error',
      'let l = null; try { for (;;) l = { l } } catch {} for (;;) l = { l }',
    ],
  ])('memory: %s', (_, code) => {
    const result = engine.evaluate(call(code))
    expect(failureOf(result)).toEqual([
      'memory',
      'The function "sample" used more than its 128 MiB of memory and was stopped.',
    ])
  })

  it.each([
    ['a function that calls itself', 'return (function f() { return f() })()'],
    ['a getter that reads itself', 'class A { get x() { return this.x } }; return new A().x'],
    [
      'a value nested too deeply',
      'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return { text: JSON.stringify(a) }',
    ],
    ['a result nested too deeply', 'let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; return a'],
    ['JSON nested too deeply', 'return JSON.parse("[".repeat(2e5))'],
  ])('stack: %s', (_, code) => {
    expect(failureOf(engine.evaluate(call(code)))).toEqual([
      'stack',
      'The function "sample" called itself, or nested values, too deeply and was stopped.',
    ])
  })

  it('memory: arguments that would not fit, without trying them', () => {
    const [failure, message] = failureOf(run('return {}', { text: 'x'.repeat(FUNCTION_INPUT_BYTES) }))
    expect([failure, message]).toEqual([
      'memory',
      'The code and arguments of the function "sample" take more than 16 MiB.',
    ])
  })

  it('takes arguments as large as a response may be', () => {
    const text = 'é'.repeat(5 * 1024 * 1024)
    expect(answerOf(run('return { length: text.length }', { text }))).toEqual({ length: text.length })
  })
})

describe('there is no way out', () => {
  it.each([
    [
      'the constructor of a function',
      'return { found: typeof (() => {}).constructor("return this")().process }',
    ],
    [
      'the constructor of a host function',
      'return { found: typeof console.log.constructor.constructor("return this")().process }',
    ],
    [
      'the constructor of an error that a host function caused',
      'try { atob("*") } catch (e) { return { found: typeof e.constructor.constructor("return this")().process } }',
    ],
    ['the caller of the function', 'return { found: typeof (arguments.callee.caller ?? undefined) }'],
    ['eval', 'return { found: typeof (0, eval)("globalThis.process") }'],
  ])('by %s', (_, code) => {
    expect(answerOf(run(code))).toEqual({ found: 'undefined' })
  })

  it('and no global beyond the language, unless the code names it', () => {
    const code = `return { names: Object.getOwnPropertyNames(globalThis).filter((name) => /^[a-z]/.test(name)).sort() }`
    expect(answerOf(run(code))).toEqual({
      names: [
        'decodeURI',
        'decodeURIComponent',
        'encodeURI',
        'encodeURIComponent',
        'escape',
        'eval',
        'globalThis',
        'isFinite',
        'isNaN',
        'parseFloat',
        'parseInt',
        'undefined',
        'unescape',
      ],
    })
  })

  it.each([
    ['atob', 'atob("x")'],
    ['TextEncoder', 'new TextEncoder().encode("x")'],
    ['URL', 'new URL("https://a.example")'],
  ])('and the host side of %s refuses what a tampered JSON hands it', (_, use) => {
    const code = `
      const answers = []
      for (const forged of [['constructor'], ['__proto__', 'x'], ['hasOwnProperty', 'x'], [], 7, null, 'text', { length: 1 }]) {
        Array.prototype.toJSON = () => forged
        try { ${use}; answers.push('passed') } catch (e) { answers.push(e.message) }
        delete Array.prototype.toJSON
      }
      return { answers: [...new Set(answers)] }`
    expect(answerOf(run(code))).toEqual({ answers: ['unknown operation'] })
  })
})

describe('console', () => {
  it('is collected line by line, as people expect values to read', () => {
    const code = `
      console.log('a', 1, { b: [2] }, undefined, null)
      console.error(new TypeError('bad'))
      console.log()
      console.warn(() => 1)
      throw new Error('after')`
    const { logs, outcome } = run(code)
    expect(logs).toBe('a 1 {"b":[2]} undefined null\nTypeError: bad\n\n() => 1')
    expect(outcome.ok).toBe(false)
  })

  it('is kept up to 8 KiB, cut at a character', () => {
    const { logs } = run('for (let i = 0; i < 100; i++) console.log("€".repeat(1000)); return {}')
    const bytes = new TextEncoder().encode(logs).length
    expect(bytes).toBeLessThanOrEqual(FUNCTION_LOG_BYTES)
    expect(bytes).toBeGreaterThan(FUNCTION_LOG_BYTES - 3)
    expect(logs).toMatch(/^[€\n]+$/)
  })

  it('is kept where the function is stopped', () => {
    expect(run('console.log("here"); for (;;);').logs).toBe('here')
  })
})

describe('the borrowed globals', () => {
  it.each([
    ['btoa', 'return { a: btoa("hi\\u00ff\\u0000") }', { a: 'aGn/AA==' }],
    ['atob', 'return { a: atob("aGn/AA==") }', { a: 'hi\u00ff\0' }],
    [
      'TextEncoder',
      'return { a: [...new TextEncoder().encode("é😀")] }',
      { a: [195, 169, 240, 159, 152, 128] },
    ],
    ['TextDecoder', 'return { a: new TextDecoder().decode(new Uint8Array([195, 169, 0])) }', { a: 'é\0' }],
    [
      'TextDecoder on part of a buffer',
      'return { a: new TextDecoder().decode(new Uint8Array([1, 65, 66]).subarray(1)) }',
      { a: 'AB' },
    ],
    [
      'TextDecoder with a label',
      'return { a: new TextDecoder("windows-1256").decode(new Uint8Array([227])) }',
      { a: 'م' },
    ],
    [
      'TextDecoder that is fatal',
      'try { new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255])) } catch (e) { return { a: e.name } }',
      { a: 'TypeError' },
    ],
    [
      'URL',
      'const u = new URL("../x?y=1#z", "https://a.example/b/c"); return { a: u.href, b: u.pathname, c: u.origin, d: JSON.stringify({ u }) }',
      {
        a: 'https://a.example/x?y=1#z',
        b: '/x',
        c: 'https://a.example',
        d: '{"u":"https://a.example/x?y=1#z"}',
      },
    ],
    [
      'URL with changed parts',
      'const u = new URL("https://a.example"); u.searchParams.set("q", "a b"); u.hash = "h"; u.searchParams.append("r", "é"); return { a: u.href }',
      { a: 'https://a.example/?q=a+b&r=%C3%A9#h' },
    ],
    [
      'URL whose search is replaced',
      'const u = new URL("https://a.example/?a=1"); const p = u.searchParams; u.search = "?b=2"; return { a: [...p], b: p.get("b"), c: p.get("a") }',
      { a: [['b', '2']], b: '2', c: null },
    ],
    ['URL.canParse', 'return { a: URL.canParse("nope"), b: URL.canParse("x:y") }', { a: false, b: true }],
    [
      'URLSearchParams',
      'const p = new URLSearchParams({ a: 1, b: "x y" }); p.append("a", 2); p.delete("b"); return { a: p.getAll("a"), b: p.has("b"), c: p.toString() }',
      { a: ['1', '2'], b: false, c: 'a=1&a=2' },
    ],
  ])('%s works as elsewhere', (_, code, expected) => {
    expect(answerOf(run(code))).toEqual(expected)
  })

  it('throw into the function what their host throws', () => {
    expect(
      answerOf(
        run('try { new URL("nope") } catch (e) { return { name: e.name, ours: e instanceof TypeError } }'),
      ),
    ).toEqual({
      name: 'TypeError',
      ours: true,
    })
  })
})
