/**
 * What runs inside a sandbox process: one App Function at a time, each in a fresh QuickJS context. Started by
 * `launch.ts` without any permission but to read its own program; ends when its parent does.
 *
 * Messages are JSON text both ways. In: a {@link Request}. Out: {@link Ready} once, then a `FunctionResult` for each
 * request. The parent sends the next request only after the answer to the last.
 */
import type { FunctionCall } from 'miniapp'
import { newQuickJSWASMModuleFromVariant, newVariant, RELEASE_SYNC } from 'quickjs-emscripten'

export interface Request {
  call: FunctionCall
  /** Milliseconds after which the function is interrupted; the parent kills the process soon after. */
  timeMs: number
}

/** Sent once, when the first request may come. */
export type Ready = 'ready'

const WASM_PAGE_BYTES = 65_536
/** 16 MiB: what the engine asks for at least. */
const INITIAL_PAGES = 256

/** By path: to resolve the package by its name, the process would have to read more of it than it runs. */
const interpreterUrl = process.argv[2] ?? ''
const { evaluateFunction, FUNCTION_MEMORY_BYTES } = (await import(interpreterUrl)) as typeof import('miniapp')

async function loadEngine() {
  const memory = new WebAssembly.Memory({
    initial: INITIAL_PAGES,
    maximum: FUNCTION_MEMORY_BYTES / WASM_PAGE_BYTES,
  })
  const module = await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory: memory }))
  return { module, memory, bytes: memory.buffer.byteLength }
}

function send(text: string): void {
  process.send?.(text)
}

let engine = loadEngine()

async function answer({ call, timeMs }: Request): Promise<void> {
  const { module, memory, bytes } = await engine
  const end = performance.now() + timeMs
  const result = evaluateFunction(module, call, {
    shouldInterrupt: () => performance.now() >= end,
    timeMs,
  })
  send(JSON.stringify(result))
  if (!result.outcome.ok || memory.buffer.byteLength > bytes) engine = loadEngine()
}

// Local time is the same on every host. (The environment is empty, and stays unreadable for functions.)
process.env['TZ'] = 'UTC'
// A signal to the whole process group is the parent's to handle: it may still wait for running functions.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.exit(0))
process.on('message', (text: string) => void answer(JSON.parse(text) as Request))
await engine
send('ready' satisfies Ready)
