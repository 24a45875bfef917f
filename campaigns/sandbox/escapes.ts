/** Ways out of sandboxes, among them those published against other tools (vm2, n8n, node:vm, static-eval, expr-eval). */
import { allEnd } from './hostile-function.ts'

/** Each answers with what it reached; reaching nothing but more of the sandbox is the right end, and so is an error. */
export const ESCAPES = allEnd(
  ['value', 'threw'],
  [
    [
      'constructorOfConstructor',
      `return { escaped: CLAIM((() => {}).constructor.constructor('return globalThis')()) }`,
    ],
    ['constructorOfThis', `return { escaped: CLAIM(this.constructor.constructor('return this')()) }`],
    [
      'constructorOfText',
      `return { escaped: CLAIM(text.constructor.constructor('return this.process ? this : globalThis')()) }`,
    ],
    ['functionConstructor', `return { escaped: CLAIM(Function('return this')()) }`],
    [
      'asyncFunctionConstructor',
      `const f = Object.getPrototypeOf(async () => {}).constructor('return process'); f(); return { escaped: CLAIM(f) }`,
    ],
    [
      'generatorFunctionConstructor',
      `const f = Object.getPrototypeOf(function* () {}).constructor('yield globalThis'); return { escaped: CLAIM(f().next().value) }`,
    ],
    [
      'asyncGeneratorConstructor',
      `const f = Object.getPrototypeOf(async function* () {}).constructor('yield process'); f().next(); return { escaped: CLAIM(f) }`,
    ],
    ['indirectEval', `return { escaped: CLAIM((0, eval)('globalThis')) }`],
    ['evalOfProcess', `return { escaped: CLAIM({ process: eval('process') }) }`],
    [
      'mainModule',
      `return { escaped: [process.mainModule.require('child_process').execSync('id').toString()] }`,
    ],
    ['processBinding', `return { escaped: [String(process.binding('fs'))] }`],
    ['requireModule', `return { escaped: [require('fs').readFileSync('/etc/passwd', 'utf8')] }`],
    ['requireByModule', `return { escaped: [module.constructor._load('child_process')] }`],
    ['argumentsCaller', `return { escaped: CLAIM(arguments.callee.caller) }`],
    ['callerOfCaller', `function f() { return f.caller?.caller ?? f.caller } return { escaped: CLAIM(f()) }`],
    [
      'prepareStackTrace',
      `let got; Error.prepareStackTrace = (e, frames) => { got = frames; return frames }; new Error().stack; return { escaped: CLAIM(got?.[0]?.getThis?.() ?? got?.[0]?.getFunction?.()) }`,
    ],
    [
      'prepareStackTraceByGlobal',
      `globalThis.Error = class extends Error {}; globalThis.Error.prepareStackTrace = (e, f) => f[0].getThis(); let s; try { null.x } catch (e) { s = e.stack } return { escaped: CLAIM(s) }`,
    ],
    [
      'errorNameSymbol',
      `const e = new Error(); e.name = Symbol(); let h; try { e.stack; String(e) } catch (x) { h = x } return { escaped: CLAIM(h.constructor.constructor('return this')()) }`,
    ],
    [
      'callSiteByCapture',
      `const o = {}; Error.captureStackTrace?.(o); return { escaped: CLAIM(o.stack?.[0]?.getThis?.()) }`,
    ],
    [
      'hostErrorConstructor',
      `try { atob('*') } catch (e) { return { escaped: CLAIM(e.constructor.constructor('return globalThis')()) } } return {}`,
    ],
    [
      'hostErrorOfUrl',
      `try { new URL('no') } catch (e) { return { escaped: CLAIM(Object.getPrototypeOf(Object.getPrototypeOf(e)).constructor.constructor('return this')()) } } return {}`,
    ],
    ['hostFunctionConstructor', `return { escaped: CLAIM(console.log.constructor('return globalThis')()) }`],
    [
      'hostFunctionPrototype',
      `return { escaped: CLAIM(Object.getPrototypeOf(atob).constructor('return this')()) }`,
    ],
    [
      'hostFunctionReceiver',
      `let seen; const get = { get() { seen = this } }; console.log.call(new Proxy({}, get)); return { escaped: CLAIM(seen) }`,
    ],
    [
      'stackOverflowInHost',
      `let h; const dig = () => { try { dig() } catch { try { atob('YQ==') } catch (e) { h = e } } }; try { dig() } catch {} return { escaped: CLAIM(h?.constructor?.constructor('return globalThis')()) }`,
    ],
    [
      'rangeErrorOfHost',
      `RangeError.prototype.c = (c) => c.constructor('return process')(); let got; try { (function r() { r() })() } catch (e) { try { got = e.c(console.log) } catch {} } return { escaped: CLAIM({ process: got }) }`,
    ],
    [
      'proxyOfArguments',
      `const p = new Proxy(function () {}, { apply(t, self, args) { return args } }); return { escaped: CLAIM([1].map(p)[0]?.[2]?.constructor?.constructor('return this')()) }`,
    ],
    [
      'proxyGetterOfResult',
      `let seen = []; const p = new Proxy({ a: 1 }, { get(t, k, r) { seen.push(typeof k); return t[k] }, getPrototypeOf() { return Object.prototype }, ownKeys() { return ['a'] }, getOwnPropertyDescriptor() { return { value: 1, enumerable: true, configurable: true } } }); return p`,
    ],
    [
      'arraySpecies',
      `class A extends Array { static get [Symbol.species]() { return function (n) { return globalThis } } } const r = new A(1, 2).map((x) => x); return { escaped: CLAIM(r) }`,
    ],
    [
      'toPrimitiveOfArgument',
      `let self; const o = { [Symbol.toPrimitive](hint) { self = this; return 'YQ==' } }; atob(o); return { escaped: CLAIM(self) }`,
    ],
    [
      'iteratorOfArgument',
      `let got; const o = { [Symbol.iterator]() { got = this; return [][Symbol.iterator]() } }; new URLSearchParams(o); return { escaped: CLAIM(got) }`,
    ],
    [
      'tamperedParse',
      `let got; JSON.parse = function (...a) { got = this; return a }; JSON.stringify = function (...a) { got = this; return '{"escaped":["process"]}'.slice(0, 0) + '{}' }; return { escaped: CLAIM(got) }`,
    ],
    [
      'tamperedArrayFilter',
      `Array.prototype.map = function () { return ['constructor'] }; return { escaped: CLAIM(globalThis) }`,
    ],
    [
      'consoleTamper',
      `const log = console.log; console.log = 1; console = { log: eval }; let r; try { r = console.log('globalThis') } catch {} log(r); return { escaped: CLAIM(r) }`,
    ],
    [
      'consoleOfGetters',
      `let seen; console.log({ get a() { seen = this; return 1 }, toJSON() { seen = this; return globalThis.process } }); return { escaped: CLAIM(seen) }`,
    ],
    [
      'defineOnPrototypeGet',
      `Object.defineProperty(Object.prototype, 'get', { configurable: true, get() { throw (x) => x.constructor('return process')() } }); let h; try { Object.defineProperty({}, 'a', { set() {} }) } catch (e) { h = e } delete Object.prototype.get; return { escaped: CLAIM({ process: typeof h === 'function' ? (() => { try { return h(() => {}) } catch {} })() : undefined }) }`,
    ],
    [
      'lookupGetter',
      `const g = {}.__lookupGetter__('__proto__'); return { escaped: CLAIM(Object.getOwnPropertyDescriptor(g.call(atob), 'constructor').value('return globalThis')()) }`,
    ],
    [
      'reflectConstruct',
      `return { escaped: CLAIM(Reflect.construct(Function, ['return globalThis'], class extends Function {})()) }`,
    ],
    [
      'withAndUnscopables',
      `return { escaped: CLAIM(new Function('o', 'with (o) { return globalThis }')({ [Symbol.unscopables]: {} })) }`,
    ],
    [
      'templateStrings',
      'const f = (s) => s.constructor.constructor`return globalThis```; return { escaped: CLAIM(f`a`()) }',
    ],
    [
      'bindAndApply',
      `return { escaped: CLAIM(Function.prototype.apply.call(Function.prototype.bind.call(eval, null), null, ['this'])) }`,
    ],
    [
      'regExpExec',
      `const r = /a/; r.exec = function () { return { index: 0, 0: globalThis } }; return { escaped: CLAIM(RegExp.prototype[Symbol.replace].call(r, 'a', (m) => m)) }`,
    ],
    [
      'dateInvalidator',
      `const d = new Date(); d.getTimezoneOffset = Function('return globalThis'); return { escaped: CLAIM(d.getTimezoneOffset()) }`,
    ],
    [
      'finalization',
      `let got; if (typeof FinalizationRegistry === 'function') { const r = new FinalizationRegistry((h) => { got = h }); r.register({}, globalThis) } return { escaped: CLAIM(got) }`,
    ],
    [
      'workerAndWasm',
      `return { escaped: [typeof Worker, typeof WebAssembly, typeof SharedWorker].filter((t) => t !== 'undefined') }`,
    ],
    [
      'builtinModules',
      `return { escaped: [typeof std, typeof os, typeof bjson, typeof scriptArgs, typeof print].filter((t) => t !== 'undefined') }`,
    ],
    ['readFile', `return { escaped: [std.open('/etc/passwd', 'r').readAsString()] }`],
    ['listEnvironment', `return { escaped: [JSON.stringify(std.getenviron())] }`],
    ['environmentOfProcess', `return { escaped: [JSON.stringify(process.env)] }`],
    ['denoEnvironment', `return { escaped: [Deno.env.get('MASTER_KEY'), Bun.env.MASTER_KEY] }`],
    ['n8nItems', `return { escaped: CLAIM($input.constructor.constructor('return process')()) }`],
    [
      'n8nExpression',
      `return { escaped: CLAIM((function () { return this })().constructor.constructor('return global')()) }`,
    ],
    ['zapierBundle', `return { escaped: [bundle.authData.access_token, inputData] }`],
    ['arrowThis', `return { escaped: CLAIM((() => this)()) }`],
    ['sloppyThis', `return { escaped: CLAIM((function () { return this })()) }`],
  ],
)

/** Calls out. Each is refused before a byte leaves; the trap on loopback sees who does not keep to that. */
export const CALLS_OUT = allEnd(
  ['value', 'threw', 'result'],
  [
    ['fetchLoopback', `return { escaped: [String(fetch('http://127.0.0.1:PORT/fetch'))] }`],
    [
      'xmlHttpRequest',
      `const x = new XMLHttpRequest(); x.open('GET', 'http://127.0.0.1:PORT/xhr', false); x.send(); return { escaped: [x.responseText] }`,
    ],
    ['webSocket', `return { escaped: [String(new WebSocket('ws://127.0.0.1:PORT/socket'))] }`],
    ['importHttp', `return import('http://127.0.0.1:PORT/import.mjs')`],
    [
      'importInThenable',
      `import('http://127.0.0.1:PORT/then').then((m) => console.log(m), (e) => console.log(e)); return {}`,
    ],
    ['importNodeNet', `return import('node:net')`],
    ['importFile', `return import('/etc/passwd')`],
    ['importData', `return import('data:text/javascript,export default globalThis')`],
    [
      'urlNeverFetches',
      `const u = new URL('http://127.0.0.1:PORT/url'); u.searchParams.set('a', 'b'); return { href: u.href.length }`,
    ],
    ['sendBeacon', `navigator.sendBeacon('http://127.0.0.1:PORT/beacon', 'x'); return {}`],
    ['urlGetOfStd', `return { escaped: [std.urlGet('http://127.0.0.1:PORT/std')] }`],
    [
      'bindingTcp',
      `return { escaped: [String(new (process.binding('tcp_wrap').TCP)(0).connect({}, '127.0.0.1', PORT))] }`,
    ],
  ],
)
