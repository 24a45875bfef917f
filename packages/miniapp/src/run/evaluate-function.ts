/**
 * Runs one App Function (specification 4.3) in a fresh QuickJS context. Pure: the engine comes in as a parameter, the
 * clock as `shouldInterrupt`. What crosses the border is JSON text, both ways, so that nothing of the host is reachable
 * from inside and nothing of the inside survives outside.
 *
 * The time limit here is a courtesy: QuickJS asks `shouldInterrupt` between instructions, never inside a built-in (one
 * `indexOf` can run for minutes). Whoever runs other people's code does it in a process that can be killed.
 */
import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from 'quickjs-emscripten-core'
import type { FunctionCall, FunctionResult } from './effects.ts'
import { consoleGlobal, SANDBOX_GLOBALS, type SandboxGlobal } from './evaluate-function-globals.ts'
import {
  FUNCTION_INPUT_BYTES,
  FUNCTION_LOG_BYTES,
  FUNCTION_MEMORY_BYTES,
  FUNCTION_RESULT_BYTES,
  FUNCTION_STACK_BYTES,
  type LimitFailure,
  limitFailure,
  MIB,
} from './evaluate-function-limits.ts'
import { BRIDGE, LINES_BEFORE_BODY, PRELUDE, type Thrown } from './evaluate-function-prelude.ts'

/** Beside the evaluation: whoever loads this file alone makes the engine's memory. */
export { FUNCTION_MEMORY_BYTES } from './evaluate-function-limits.ts'

export interface FunctionLimits {
  /** Asked every few thousand instructions; `true` ends the function with `time`. Default: never. */
  shouldInterrupt?: () => boolean
  /** What the text of a `time` failure says. Default {@link FUNCTION_TIME_MS}. */
  timeMs?: number
}

/** Where an error is too poor to say so itself, memory grown to this share of the limit means it was used up. */
const MEMORY_EXHAUSTED_SHARE = 0.75

type Outcome = FunctionResult['outcome']

/** One context and the handles made in it. */
interface Cell {
  readonly context: QuickJSContext
  readonly call: FunctionCall
  readonly keep: (handle: QuickJSHandle) => QuickJSHandle
  readonly wasInterrupted: () => boolean
  readonly memoryExhausted: () => boolean
}

type Step = { ok: true; value: QuickJSHandle } | { ok: false; thrown: QuickJSHandle }

/**
 * @param module QuickJS; its memory should be bounded by {@link FUNCTION_MEMORY_BYTES}. After any outcome but a result, or where
 *   its memory has grown, throw it away: what the function left behind in it is unknown. Contexts share nothing.
 * @param call `args` must be JSON
 * @returns never throws
 */
export function evaluateFunction(
  module: QuickJSWASMModule,
  call: FunctionCall,
  limits: FunctionLimits = {},
): FunctionResult {
  const logs = createLogs()
  const input = JSON.stringify({ params: call.params, code: call.code, args: call.args })
  if (input.length > FUNCTION_INPUT_BYTES || byteLength(input) > FUNCTION_INPUT_BYTES) {
    const message = `The code and arguments of the function "${call.name}" take more than ${FUNCTION_INPUT_BYTES / MIB} MiB.`
    return { outcome: { ok: false, failure: 'memory', message }, logs: '' }
  }
  let interrupted = false
  const limited = (failure: LimitFailure) => limitFailure(call.name, failure, limits.timeMs)
  const memoryExhausted = () =>
    module.getWasmMemory().buffer.byteLength >= FUNCTION_MEMORY_BYTES * MEMORY_EXHAUSTED_SHARE
  try {
    const context = module.newContext()
    context.runtime.setMaxStackSize(FUNCTION_STACK_BYTES)
    context.runtime.setInterruptHandler(() => {
      interrupted ||= limits.shouldInterrupt?.() ?? false
      return interrupted
    })
    const handles: QuickJSHandle[] = []
    const keep = (handle: QuickJSHandle) => {
      handles.push(handle)
      return handle
    }
    const outcome = runIn(
      { context, call, keep, wasInterrupted: () => interrupted, memoryExhausted },
      [consoleGlobal(logs.write, FUNCTION_LOG_BYTES), ...SANDBOX_GLOBALS],
      input,
    )
    for (const handle of handles.reverse()) handle.dispose()
    context.dispose()
    return { outcome: typeof outcome === 'string' ? limited(outcome) : outcome, logs: logs.text() }
  } catch (error) {
    // The engine itself fell over: nothing in it can be relied on, so nothing is disposed of.
    return { outcome: limited(hostFailure(error, interrupted, memoryExhausted())), logs: logs.text() }
  }
}

/** V8 runs out of its own stack before QuickJS sees its limit where built-ins recurse (a deep JSON.stringify). */
function hostFailure(error: unknown, interrupted: boolean, memoryExhausted: boolean): LimitFailure {
  if (interrupted) return 'time'
  if (error instanceof RangeError && error.message.startsWith('Maximum call stack')) return 'stack'
  return memoryExhausted || /\b(?:OOM|out of memory)\b/i.test(String(error)) ? 'memory' : 'crash'
}

function runIn(cell: Cell, globals: SandboxGlobal[], input: string): Outcome | LimitFailure {
  const { context, call, keep } = cell
  const prelude = keep(context.unwrapResult(context.evalCode(PRELUDE)))
  const ours = (name: string) => keep(context.getProp(prelude, name))
  const [compile, invoke, describe] = [ours('compile'), ours('invoke'), ours('describe')]
  for (const global of globals) if (global.named.test(call.code)) install(cell, global)
  const text = keep(context.newString(input))
  const compiled = apply(cell, compile, [text])
  if (!compiled.ok) return judge(cell, describe, { thrown: compiled.thrown, compiling: true })
  const answered = apply(cell, invoke, [compiled.value, text])
  if (!answered.ok) return judge(cell, describe, { thrown: answered.thrown, compiling: false })
  return readAnswer(call.name, context.getString(answered.value))
}

function apply(cell: Cell, callee: QuickJSHandle, args: QuickJSHandle[]): Step {
  const result = cell.context.callFunction(callee, cell.context.undefined, ...args)
  if (result.error) return { ok: false, thrown: cell.keep(result.error) }
  return { ok: true, value: cell.keep(result.value) }
}

function install(cell: Cell, global: SandboxGlobal): void {
  const { context, keep } = cell
  const call = keep(
    context.newFunction('', (input) => context.newString(answerText(global, context.getString(input)))),
  )
  const bridge = keep(context.unwrapResult(context.evalCode(BRIDGE)))
  const installer = keep(context.unwrapResult(context.evalCode(global.source)))
  keep(context.unwrapResult(context.callFunction(bridge, context.undefined, call, installer)))
}

function answerText(global: SandboxGlobal, input: string): string {
  try {
    const text = JSON.stringify({ value: global.answer(JSON.parse(input)) })
    if (text.length <= FUNCTION_INPUT_BYTES) return text
    return JSON.stringify({ error: 'The value is too large.' })
  } catch (error) {
    return JSON.stringify({ error: error instanceof Error ? error.message : String(error) })
  }
}

function readAnswer(name: string, answer: string): Outcome {
  const broken = (reason: string): Outcome => ({
    ok: false,
    failure: 'result',
    message: `The function "${name}" ${reason}`,
  })
  if (answer.startsWith('!')) return broken(answer.slice(1))
  const text = answer.slice(1)
  if (byteLength(text) > FUNCTION_RESULT_BYTES) return broken('returned more than 1 MiB.')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { ok: true, value: value as Record<string, unknown> }
    }
  } catch {
    // Only a function that replaced a built-in gets here.
  }
  return broken('must return a plain object that JSON can hold.')
}

/** What an exception inside the sandbox means. An error of the engine may arrive as `null` where no memory was left for it. */
function judge(
  cell: Cell,
  describe: QuickJSHandle,
  { thrown, compiling }: { thrown: QuickJSHandle; compiling: boolean },
): Outcome | LimitFailure {
  if (cell.wasInterrupted()) return 'time'
  const described = apply(cell, describe, [thrown])
  if (cell.wasInterrupted()) return 'time'
  const { name } = cell.call
  if (!described.ok) {
    if (cell.memoryExhausted()) return 'memory'
    return {
      ok: false,
      failure: 'threw',
      message: `The function "${name}" threw a value that cannot be read.`,
    }
  }
  const error = JSON.parse(cell.context.getString(described.value)) as Thrown
  if (error.engine && /out of memory|string too long/.test(error.message)) return 'memory'
  if (error.engine && error.message.includes('stack overflow')) return 'stack'
  if ((error.nothing || (error.engine && error.message === '')) && cell.memoryExhausted()) return 'memory'
  if (compiling && error.syntax) {
    const line = error.line === null ? '' : `, line ${Math.max(1, error.line - LINES_BEFORE_BODY)}`
    return {
      ok: false,
      failure: 'syntax',
      message: `The function "${name}" is not valid JavaScript${line}: ${error.message}.`,
    }
  }
  const message =
    error.message || `The function "${name}" threw ${error.name || 'an error'} without a message.`
  return { ok: false, failure: 'threw', message }
}

const encoder = new TextEncoder()
const byteLength = (text: string) => encoder.encode(text).length

/** Collects lines up to {@link FUNCTION_LOG_BYTES} of UTF-8; the line that crosses the limit is cut at a character. */
function createLogs(): { write: (line: string) => void; text: () => string } {
  let text = ''
  let lines = 0
  let room = FUNCTION_LOG_BYTES
  return {
    write(line) {
      if (room <= 0) return
      const bytes = encoder.encode(lines++ === 0 ? line : `\n${line}`)
      text += new TextDecoder().decode(bytes.subarray(0, room), { stream: true })
      room -= bytes.length
    },
    text: () => text,
  }
}
