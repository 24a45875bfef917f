/** Results, arguments, errors and logs that aim at whoever reads them, and what should not be there in the next call. */
import { allEnd, type HostileFunction } from './hostile-function.ts'

export const POLLUTION: HostileFunction[] = [
  ...allEnd(
    ['value'],
    [
      ['protoMember', `return JSON.parse('{"__proto__":{"polluted":true},"a":1}')`],
      ['constructorMember', `return { constructor: { prototype: { polluted: true } } }`],
      ['nestedProto', `return { a: JSON.parse('{"__proto__":{"polluted":true}}') }`],
      ['nullPrototype', `return Object.assign(Object.create(null), { a: 1 })`],
      ['getterChanges', `let n = 0; return { get a() { return n++ } }`],
      ['toJsonMember', `return { a: 1, b: { toJSON: undefined } }`],
      [
        'prototypeOfObject',
        `Object.prototype.polluted = true; Array.prototype.polluted = true; return { a: 1 }`,
      ],
      ['thenMember', `return { then: 'not a promise', a: 1 }`],
      ['lengthMember', `return { length: 1e9, 0: 'a' }`],
      ['loneSurrogates', `return { a: '\\ud800', b: '\\u2028\\u0000' }`],
      ['numbersOfSize', `return { a: 1e308, b: 5e-324, c: -0, d: 2 ** 53 + 2 }`],
      [
        'survivorGlobal',
        `globalThis.survivor = (globalThis.survivor ?? 0) + 1; if (globalThis.survivor > 1) return { escaped: ['a global of the last call'] }; return {}`,
      ],
      [
        'survivorPrototype',
        `if ({}.left || [].left) return { escaped: ['a prototype of the last call'] }; Object.prototype.left = 1; return JSON.parse('{}')`,
      ],
      [
        'survivorSymbol',
        `const s = Symbol.for('left'); if (s.description !== 'left' || globalThis[s]) return { escaped: ['a symbol'] }; globalThis[s] = 1; return {}`,
      ],
      [
        'survivorRegExp',
        `if (RegExp.$1 === 'canary' || RegExp.lastMatch) return { escaped: ['a match of the last call'] }; /(canary)/.exec('canary'); return {}`,
      ],
      [
        'survivorJob',
        `Promise.resolve().then(() => { globalThis.job = 1 }); return { escaped: globalThis.job ? ['a job of the last call'] : [] }`,
      ],
    ],
  ),
  ...allEnd(
    ['result', 'threw'],
    [
      ['toJsonOfResult', `return { toJSON() { return [1] } }`],
      ['toJsonOfPrototype', `Object.prototype.toJSON = () => 'x'; return {}`],
      ['notANumber', `return { a: NaN }`],
      ['infinite', `return { a: [1, { b: -Infinity }] }`],
      ['functionInside', `return { a() {} }`],
      ['symbolInside', `return { a: Symbol('x') }`],
      ['bigIntInside', `return { a: 10n }`],
      ['cycle', `const a = {}; a.b = [a]; return a`],
      ['dateInside', `return { a: new Date() }`],
      ['arrayResult', `return [1]`],
      ['primitiveResult', `return 'x'`],
      ['noResult', `if (text === 'never') return {}`],
      [
        'proxyResult',
        `return new Proxy({}, { getPrototypeOf() { return null }, ownKeys() { throw new Error('x') } })`,
      ],
      ['asyncResult', `return (async () => ({ a: 1 }))()`],
      ['promiseResult', `return new Promise(() => {})`],
      ['thenableResult', `return { then(f) { f(1) } }`],
      ['classInstance', `class A { a = 1 }; return new A()`],
      ['hugeResult', `return { a: 'x'.repeat(3 << 20) }`],
      ['hugeResultOfKeys', `const o = {}; for (let i = 0; i < 2e5; i++) o['key' + i] = i; return o`],
      [
        'tamperedChecks',
        `Object.getPrototypeOf = () => Object.prototype; JSON.stringify = () => '[1]'; Array.isArray = () => false; return []`,
      ],
    ],
  ),
  ...allEnd(
    ['threw'],
    [
      ['hugeMessage', `throw new Error('x'.repeat(5e6))`],
      ['throwingMessage', `throw { get message() { throw { get message() { throw 1 } } } }`],
      ['throwingName', `throw { get name() { throw new Error('again') }, message: 'm' }`],
      ['proxyThrown', `throw new Proxy(new Error('p'), { get() { throw 2 } })`],
      ['undefinedThrown', `throw undefined`],
      ['symbolThrown', `throw Symbol('s')`],
      ['functionThrown', `throw () => globalThis`],
      ['messageOfObject', `throw { message: { toString() { return globalThis.process } } }`],
      ['limitImpostor', `throw new Error('out of memory; ran longer than 2 s; crashed its sandbox')`],
      ['internalImpostor', `throw new InternalError('a message of the engine')`],
    ],
  ),
  ...allEnd(
    ['value'],
    [
      ['hugeLog', `for (let i = 0; i < 200; i++) console.log('y'.repeat(1e5)); return {}`],
      ['manyLogs', `for (let i = 0; i < 20000; i++) console.log(i); return {}`],
      ['logOfControls', `console.log('\\u001b[2J\\r\\n{"level":"error"}\\0'); return {}`],
      ['logOfCycle', `const a = {}; a.a = a; console.log(a, Symbol('x'), 10n, () => {}); return {}`],
    ],
  ),
]
