/**
 * Runs App Functions (specification 4.3), each in the same fresh QuickJS context. Pure: the engine comes in as a parameter,
 * the clock as `shouldInterrupt`. What crosses the border is JSON text, both ways, so that nothing of the host is reachable
 * from inside and nothing of the inside survives outside.
 *
 * The time limit here is a courtesy: QuickJS asks `shouldInterrupt` between instructions, never inside a built-in (one
 * `indexOf` can run for minutes). Whoever runs other people's code does it in a process that can be killed.
 */
import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from 'quickjs-emscripten-core'
import type { FunctionCall, FunctionResult } from './effects.ts'
import { consoleGlobal, SANDBOX_GLOBALS, type SandboxGlobal } from './evaluate-function-globals.ts'
import { takeImage } from './evaluate-function-image.ts'
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
  /** In [0, 1): seeds the function's `Math.random`. Default: the same numbers in every call. */
  random?: () => number
}

export interface FunctionEngine {
  /** Never throws. */
  evaluate(call: FunctionCall, limits?: FunctionLimits): FunctionResult
  /**
   * Makes ready for the next call, as that would do itself. `wipe` where the next call is another tenant's: then not even
   * an error of the engine could read what was left.
   */
  reset(options?: { wipe?: boolean }): void
  /** True once a call hit a limit or made the memory grow: load the module anew. */
  isSpent(): boolean
}

/** Where an error is too poor to say so itself, memory grown to this share of the limit means it was used up. */
const MEMORY_EXHAUSTED_SHARE = 0.75

type Outcome = FunctionResult['outcome']

/** What is in the context before any function is, and what the call under way has to do with it. */
interface Cell {
  readonly context: QuickJSContext
  readonly compile: QuickJSHandle
  readonly invoke: QuickJSHandle
  readonly describe: QuickJSHandle
  readonly globals: readonly { named: RegExp; install: () => void }[]
  readonly memoryExhausted: () => boolean
  running: Running
}

interface Running {
  readonly logs: ReturnType<typeof createLogs>
  readonly shouldInterrupt: () => boolean
  interrupted: boolean
}

type Step = { ok: true; value: QuickJSHandle } | { ok: false; thrown: QuickJSHandle }

/**
 * @param module QuickJS, not used before nor elsewhere; its memory should be bounded by {@link FUNCTION_MEMORY_BYTES}
 */
export function createFunctionEngine(module: QuickJSWASMModule): FunctionEngine {
  const memory = () => module.getWasmMemory().buffer
  const cell = createCell(module)
  const image = takeImage(memory)
  let used = false
  let spent = false
  const engine: FunctionEngine = {
    evaluate(call, limits = {}) {
      if (used) engine.reset()
      used = true
      const result = evaluate(cell, call, limits)
      const failure = result.outcome.ok ? undefined : result.outcome.failure
      spent ||= memory().byteLength > image.bytes || LIMITS_HIT.has(failure)
      return result
    },
    reset({ wipe = false } = {}) {
      image.restore(wipe)
      used = false
    },
    isSpent: () => spent,
  }
  return engine
}

/** After these, what the module is in is unknown. */
const LIMITS_HIT: ReadonlySet<string | undefined> = new Set<LimitFailure>([
  'time',
  'memory',
  'stack',
  'crash',
])

function createCell(module: QuickJSWASMModule): Cell {
  const context = module.newContext()
  context.runtime.setMaxStackSize(FUNCTION_STACK_BYTES)
  const evaluated = (code: string) => context.unwrapResult(context.evalCode(code))
  const prelude = evaluated(PRELUDE)
  const bridge = evaluated(BRIDGE)
  const globals = [
    consoleGlobal((line) => cell.running.logs.write(line), FUNCTION_LOG_BYTES),
    ...SANDBOX_GLOBALS,
  ]
  const cell: Cell = {
    context,
    compile: context.getProp(prelude, 'compile'),
    invoke: context.getProp(prelude, 'invoke'),
    describe: context.getProp(prelude, 'describe'),
    globals: globals.map((global) => {
      const installer = evaluated(global.source)
      const host = context.newFunction('', (input) =>
        context.newString(answerText(global, context.getString(input))),
      )
      const install = () => {
        context.unwrapResult(context.callFunction(bridge, context.undefined, host, installer))
      }
      return { named: global.named, install }
    }),
    memoryExhausted: () =>
      module.getWasmMemory().buffer.byteLength >= FUNCTION_MEMORY_BYTES * MEMORY_EXHAUSTED_SHARE,
    running: { logs: createLogs(), shouldInterrupt: () => false, interrupted: false },
  }
  context.runtime.setInterruptHandler(() => {
    cell.running.interrupted ||= cell.running.shouldInterrupt()
    return cell.running.interrupted
  })
  return cell
}

/** Handles made here are left alone: the memory that they point into is put back as a whole. */
function evaluate(cell: Cell, call: FunctionCall, limits: FunctionLimits): FunctionResult {
  const { random } = limits
  const seed = random && Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 32))
  const input = JSON.stringify({ params: call.params, code: call.code, args: call.args, seed })
  if (input.length > FUNCTION_INPUT_BYTES || byteLength(input) > FUNCTION_INPUT_BYTES) {
    const message = `The code and arguments of the function "${call.name}" take more than ${FUNCTION_INPUT_BYTES / MIB} MiB.`
    return { outcome: { ok: false, failure: 'memory', message }, logs: '' }
  }
  const logs = createLogs()
  const running = { logs, shouldInterrupt: limits.shouldInterrupt ?? (() => false), interrupted: false }
  cell.running = running
  const limited = (failure: LimitFailure) => limitFailure(call.name, failure, limits.timeMs)
  try {
    const outcome = runIn(cell, call, input)
    return { outcome: typeof outcome === 'string' ? limited(outcome) : outcome, logs: logs.text() }
  } catch (error) {
    // The engine itself fell over.
    const failure = hostFailure(error, running.interrupted, cell.memoryExhausted())
    return { outcome: limited(failure), logs: logs.text() }
  }
}

/** V8 runs out of its own stack before QuickJS sees its limit where built-ins recurse (a deep JSON.stringify). */
function hostFailure(error: unknown, interrupted: boolean, memoryExhausted: boolean): LimitFailure {
  if (interrupted) return 'time'
  if (error instanceof RangeError && error.message.startsWith('Maximum call stack')) return 'stack'
  return memoryExhausted || /\b(?:OOM|out of memory)\b/i.test(String(error)) ? 'memory' : 'crash'
}

function runIn(cell: Cell, call: FunctionCall, input: string): Outcome | LimitFailure {
  const { context, compile, invoke } = cell
  for (const global of cell.globals) if (global.named.test(call.code)) global.install()
  const text = context.newString(input)
  const compiled = apply(cell, compile, [text])
  if (!compiled.ok) return judge(cell, call.name, { thrown: compiled.thrown, compiling: true })
  const answered = apply(cell, invoke, [compiled.value, text])
  if (!answered.ok) return judge(cell, call.name, { thrown: answered.thrown, compiling: false })
  return readAnswer(call.name, context.getString(answered.value))
}

function apply(cell: Cell, callee: QuickJSHandle, args: QuickJSHandle[]): Step {
  const result = cell.context.callFunction(callee, cell.context.undefined, ...args)
  return result.error ? { ok: false, thrown: result.error } : { ok: true, value: result.value }
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
  name: string,
  { thrown, compiling }: { thrown: QuickJSHandle; compiling: boolean },
): Outcome | LimitFailure {
  const { running, describe } = cell
  if (running.interrupted) return 'time'
  const described = apply(cell, describe, [thrown])
  if (running.interrupted) return 'time'
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
  return { ok: false, failure: 'threw', message, ...(MISTAKES.has(error.name) && { mistake: error.name }) }
}

/** What the engine throws at mistakes; authors who refuse an input throw an `Error`. */
const MISTAKES: ReadonlySet<string> = new Set(['TypeError', 'ReferenceError', 'RangeError', 'InternalError'])

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
