/** What an App Function may use (specification 4.3), and what is said where it wants more. */
import type { FunctionResult } from './effects.ts'

export const MIB = 1024 * 1024

/** Wall time of one call (4.3), in milliseconds. */
export const FUNCTION_TIME_MS = 2_000
/** What the engine's memory may grow to (4.3): give it as the maximum of the module's `WebAssembly.Memory`. */
export const FUNCTION_MEMORY_BYTES = 128 * MIB
/** With 512 KiB, deep recursion aborts the WebAssembly module instead of raising an error. */
export const FUNCTION_STACK_BYTES = 256 * 1024
/** What is kept of `console.log` (4.3). */
export const FUNCTION_LOG_BYTES = 8 * 1024
/** JSON text of a result: it joins the context of every later step and the run record. */
export const FUNCTION_RESULT_BYTES = 1 * MIB
/** JSON text of code and arguments: above the largest response body (10 MiB), and four copies still fit the memory. */
export const FUNCTION_INPUT_BYTES = 16 * MIB
/** Of a function's own message, which is shown to users. */
export const FUNCTION_MESSAGE_CHARACTERS = 2_000

export type LimitFailure = 'time' | 'memory' | 'stack' | 'crash'

const LIMIT_TEXTS: Record<LimitFailure, (timeMs: number) => string> = {
  time: (timeMs) => `ran longer than ${timeMs / 1000} s and was stopped.`,
  memory: () => `used more than its ${FUNCTION_MEMORY_BYTES / MIB} MiB of memory and was stopped.`,
  stack: () => 'called itself, or nested values, too deeply and was stopped.',
  crash: () => 'crashed its sandbox and was stopped.',
}

/** What a call ends with that hit a limit; also for whoever kills the process that the call runs in. */
export function limitFailure(
  name: string,
  failure: LimitFailure,
  timeMs = FUNCTION_TIME_MS,
): FunctionResult['outcome'] {
  return { ok: false, failure, message: `The function "${name}" ${LIMIT_TEXTS[failure](timeMs)}` }
}
