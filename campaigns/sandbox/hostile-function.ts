/** A function that tries to do harm, and how a call of it may end. */
export interface HostileFunction {
  name: string
  /** Body with one parameter, `text`. {@link CLAIM} and {@link PORT} stand in it for what they say. */
  code: string
  /** `value` or the failures of a function; more than one where the engine may end either way. */
  ends: readonly Ending[]
}

export type Ending = 'value' | 'threw' | 'result' | 'syntax' | 'time' | 'memory' | 'stack' | 'crash'

/** Stands for a function that says which powers of a host an object gives: `return { escaped: CLAIM(globalThis) }`. */
export const CLAIM = 'CLAIM'
/** Stands for the port of the trap on loopback. */
export const PORT = 'PORT'

const POWERS = [
  'process',
  'require',
  'module',
  'Buffer',
  'global',
  'mainModule',
  'binding',
  'WebAssembly',
  'SharedArrayBufferHost',
  'setTimeout',
  'setImmediate',
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'importScripts',
  'std',
  'os',
  'bjson',
  'Deno',
  'Bun',
]

/** What {@link CLAIM} becomes. Names of powers that the reached object has; empty where it is a prisoner too. */
export const CLAIM_SOURCE = `((reached) => ${JSON.stringify(POWERS)}.filter((power) => {
  try { return reached !== null && reached !== undefined && reached[power] !== undefined } catch { return false }
}))`

/** Where each line is `[name, code]` and all may end alike. */
export function allEnd(
  ends: readonly Ending[],
  functions: readonly (readonly [string, string])[],
): HostileFunction[] {
  return functions.map(([name, code]) => ({ name, code, ends }))
}
