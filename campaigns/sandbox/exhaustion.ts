/** Functions that take all that there is: memory, time inside and outside of built-ins, stack. */
import { allEnd, type HostileFunction } from './hostile-function.ts'

export const MEMORY: HostileFunction[] = allEnd(
  ['memory', 'time', 'crash'],
  [
    ['arrays', `const a = []; for (;;) a.push(new Array(1e5).fill(1.5))`],
    ['texts', `let s = 'x'; for (;;) s += s`],
    ['typedArrays', `const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1))`],
    [
      'ropes',
      `let s = ''; const a = []; for (let i = 0; ; i++) { s = s + 'abc' + i; if (i % 1000 === 0) a.push(s + '!') }`,
    ],
    ['maps', `const m = new Map(); for (let i = 0; ; i++) m.set({ i }, { i })`],
    [
      'closures',
      `const a = []; for (let i = 0; ; i++) { const big = new Array(100).fill(i); a.push(() => big) }`,
    ],
    [
      'jsonGrowth',
      `let o = { a: 1 }; for (;;) o = JSON.parse('[' + JSON.stringify(o) + ',' + JSON.stringify(o) + ']')`,
    ],
    ['oneAllocation', `return { a: new ArrayBuffer(2 ** 31 - 1).byteLength }`],
    [
      'resizable',
      `const b = new ArrayBuffer(1, { maxByteLength: 2 ** 30 }); for (let n = 1; ; n *= 2) b.resize(n)`,
    ],
    ['catchAndGoOn', `let l = null; for (;;) { try { for (;;) l = { l } } catch {} }`],
    ['symbols', `const a = []; for (let i = 0; ; i++) a.push(Symbol('s' + i), Symbol.for('k' + i))`],
    ['properties', `const o = {}; for (let i = 0; ; i++) o['p' + i] = { i }`],
    [
      'generators',
      `const a = []; function* g() { yield new Array(1000).fill(0) } for (;;) { const i = g(); i.next(); a.push(i) }`,
    ],
    ['promises', `const a = []; for (;;) a.push(Promise.resolve(a).then(() => a))`],
    ['bigInts', `const a = []; for (let i = 0n; ; i++) a.push((1n << 500000n) + i)`],
    [
      'codeGrowth',
      `const a = []; for (let i = 0; ; i++) a.push(new Function('return [' + '1,'.repeat(5000) + i + ']'))`,
    ],
    ['throughHost', `const a = []; for (;;) a.push(btoa('x'.repeat(8e6)))`],
    ['throughEncoder', `const a = []; for (;;) a.push(new TextEncoder().encode('é'.repeat(4e6)))`],
    [
      'throughUrl',
      `const u = new URLSearchParams(); for (let i = 0; ; i++) { u.append('k' + i, 'v'.repeat(1e5)); u.toString() }`,
    ],
  ],
)

/** Looping where the engine asks to be interrupted. */
export const TIME: HostileFunction[] = allEnd(
  ['time'],
  [
    ['loop', `for (;;);`],
    ['nestedLoops', `for (let i = 0; i < 1e9; i++) for (let j = 0; j < 1e9; j++);`],
    ['loopInFinally', `for (;;) { try { throw 1 } catch { continue } finally { continue } }`],
    ['generatorLoop', `function* g() { for (;;) yield 1 } for (const x of g());`],
    [
      'iteratorNeverDone',
      `for (const x of { [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) });`,
    ],
    ['getterLoop', `return { get a() { for (;;); } }`],
    ['messageLoop', `throw { get message() { for (;;); } }`],
    ['sortThatLoops', `return { a: [3, 2, 1].sort(() => { for (;;); }) }`],
    ['proxyLoop', `const p = new Proxy({}, { has() { for (;;); } }); return { a: 'x' in p }`],
    ['clockLoop', `const end = Date.now() + 1e9; while (Date.now() < end);`],
    ['backtracking', `return { a: /^(a+)+$/.test('a'.repeat(45) + 'b') }`],
    ['backtrackingAlternation', `return { a: /^(a|a|aa)+$/.test('a'.repeat(60) + '!') }`],
    ['backtrackingLookahead', `return { a: /^(?=(a+)+b)(a*)*$/.test('a'.repeat(40)) }`],
  ],
)

/** Looping inside one built-in, where nothing asks. */
export const BUILT_INS: HostileFunction[] = allEnd(
  ['time', 'memory', 'threw', 'stack', 'value', 'result'],
  [
    ['indexOf', `return { a: 'a'.repeat(3e7).indexOf('a'.repeat(15e6) + 'b') }`],
    ['lastIndexOf', `return { a: 'a'.repeat(3e7).lastIndexOf('b' + 'a'.repeat(15e6)) }`],
    ['includes', `return { a: 'ab'.repeat(15e6).includes('ab'.repeat(7e6) + 'c') }`],
    [
      'jsonParse',
      `const s = '[' + '0,'.repeat(2e6) + '0]'; let n = 0; for (let i = 0; i < 200; i++) n += JSON.parse(s).length; return { n }`,
    ],
    [
      'jsonStringify',
      `const a = new Array(1e6).fill(1.1); let n = 0; for (let i = 0; i < 200; i++) n += JSON.stringify(a).length; return { n }`,
    ],
    ['bigPower', `return { a: String(3n ** 4000000n).length }`],
    ['bigDivide', `return { a: String((1n << 30000000n) / ((1n << 15000000n) - 1n)).length }`],
    ['repeatAndPad', `return { a: 'x'.repeat(5e7).padEnd(9e7, 'ab').length }`],
    ['normalize', `return { a: '\\u1e9b\\u0323'.repeat(6e6).normalize('NFKD').length }`],
    [
      'localeCompare',
      `const s = 'é'.repeat(2e7); let n = 0; for (let i = 0; i < 1000; i++) n += s.localeCompare(s + 'a'); return { n }`,
    ],
    ['arrayFrom', `return { a: Array.from({ length: 2 ** 32 - 1 }).length }`],
    ['arrayText', `return { a: (new Array(1e9) + '').length }`],
    ['arrayFill', `return { a: new Array(2 ** 32 - 1).fill(0).length }`],
    ['arrayIncludes', `return { a: Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1) }`],
    ['arrayReverse', `return { a: Array.prototype.reverse.call({ length: 2 ** 53 - 1 }).length }`],
    ['arrayJoin', `return { a: Array.prototype.join.call({ length: 2 ** 31 }, '').length }`],
    ['sortOfMany', `return { a: Array.from({ length: 3e6 }, (_, i) => (i * 7919) % 1000003).sort().length }`],
    [
      'replaceAll',
      `return { a: 'a'.repeat(1e6).replaceAll('a', '$&$&$&$&$&').replaceAll('a', '$&$&$&').length }`,
    ],
    ['splitAndJoin', `return { a: 'a'.repeat(2e7).split('').join('bb').length }`],
    ['regExpOnLongText', `return { a: /a*a*a*a*a*b/.test('a'.repeat(1e5)) }`],
    ['typedArraySort', `return { a: new Float64Array(8e6).map((_, i) => -i).sort()[0] }`],
    ['typedArraySet', `const a = new Uint8Array(3e7); for (let i = 0; ; i++) a.set(a.subarray(1))`],
    ['parseOfNumbers', `let n = 0; const s = '1'.repeat(5e6); for (let i = 0; ; i++) n += Number(s)`],
    ['bigFromText', `return { a: String(BigInt('9'.repeat(3e6))).length }`],
    ['decodeComponent', `const s = '%41'.repeat(1e7); return { a: decodeURIComponent(s).length }`],
  ],
)

export const STACK: HostileFunction[] = allEnd(
  ['stack', 'threw', 'memory', 'value', 'time'],
  [
    ['recursion', `return (function f() { return f() + 1 })()`],
    ['mutualRecursion', `const f = () => g(); const g = () => f(); f()`],
    [
      'recursionCaught',
      `let n = 0; const f = () => { n++; try { f() } catch { f() } finally { n-- } }; try { f() } catch {} return { n }`,
    ],
    ['getterRecursion', `class A { get x() { return this.x } }; return { a: new A().x }`],
    ['proxyRecursion', `const p = new Proxy({}, { get(t, k, r) { return r[k] } }); return { a: p.x }`],
    ['toStringRecursion', `const a = { toString() { return String(a) } }; return { a: String(a) }`],
    ['toStringOfArrays', `let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return { a: String(a) }`],
    ['jsonNesting', `return { a: JSON.parse('['.repeat(5e5) + ']'.repeat(5e5)) }`],
    ['jsonNestingOut', `let a = []; for (let i = 0; i < 5e5; i++) a = [a]; return { a: JSON.stringify(a) }`],
    ['resultNesting', `let a = {}; for (let i = 0; i < 2e5; i++) a = { a }; return a`],
    ['logNesting', `let a = {}; for (let i = 0; i < 2e5; i++) a = { a }; console.log(a); return {}`],
    ['regExpNesting', `return { a: new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('x') }`],
    ['codeNesting', `return { a: new Function('return ' + '['.repeat(1e5) + ']'.repeat(1e5))() }`],
    [
      'prototypeChain',
      `let o = {}; for (let i = 0; i < 1e6; i++) o = Object.create(o); return { a: o.missing === undefined }`,
    ],
    ['boundChain', `let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); return { a: f() }`],
  ],
)
