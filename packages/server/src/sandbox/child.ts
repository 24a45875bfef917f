/**
 * What runs inside a sandbox process: one App Function at a time. Started by `launch.ts` without any permission but to read
 * its own program; ends when its parent does.
 *
 * Frames of JSON text both ways (`frame.ts`). In, on standard input: a {@link Request}. Out, on standard output:
 * {@link Ready} once, then a `FunctionResult` for each request. The parent sends the next request only after the answer
 * to the last.
 */
import type { FunctionCall } from 'miniapp'
import { newQuickJSWASMModuleFromVariant, newVariant, RELEASE_SYNC } from 'quickjs-emscripten'
import { readFrame, writeFrame } from './frame.ts'

export interface Request {
  call: FunctionCall
  /** Milliseconds after which the function is interrupted; the parent kills the process soon after. */
  timeMs: number
  /** The last call was another workspace's: nothing of it may be left, not even where no function can look. */
  wipe: boolean
}

/** Sent once, when the first request may come. */
export type Ready = 'ready'

const [STANDARD_INPUT, STANDARD_OUTPUT] = [0, 1]
const WASM_PAGE_BYTES = 65_536
/** 16 MiB: what the engine asks for at least. */
const INITIAL_PAGES = 256

/** By path: to resolve the package by its name, the process would have to read more of it than it runs. */
const interpreterUrl = process.argv[2] ?? ''
const { createFunctionEngine, FUNCTION_MEMORY_BYTES } = (await import(
  interpreterUrl
)) as typeof import('miniapp')

async function loadEngine() {
  const wasmMemory = new WebAssembly.Memory({
    initial: INITIAL_PAGES,
    maximum: FUNCTION_MEMORY_BYTES / WASM_PAGE_BYTES,
  })
  return createFunctionEngine(await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory })))
}

/** Not V8's `Math.random`: who knows some of its numbers knows the next, which would be another tenant's. */
const random = () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32

// Local time is the same on every host. (The environment is empty, and stays unreadable for functions.)
process.env['TZ'] = 'UTC'
// A signal to the whole process group is the parent's to handle: it may still wait for running functions.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

let engine = await loadEngine()
writeFrame(STANDARD_OUTPUT, 'ready' satisfies Ready)
for (;;) {
  const text = readFrame(STANDARD_INPUT)
  if (text === undefined) break
  const { call, timeMs, wipe } = JSON.parse(text) as Request
  if (wipe) engine.reset({ wipe })
  const end = performance.now() + timeMs
  const result = engine.evaluate(call, { shouldInterrupt: () => performance.now() >= end, timeMs, random })
  writeFrame(STANDARD_OUTPUT, JSON.stringify(result))
  if (engine.isSpent()) engine = await loadEngine()
  else engine.reset()
}
process.exit(0)
