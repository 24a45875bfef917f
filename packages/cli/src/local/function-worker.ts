/** The thread in which App Functions run: one at a time, each in a fresh QuickJS context. Says `ready`, then answers. */
import { parentPort } from 'node:worker_threads'
import { createFunctionEngine, FUNCTION_MEMORY_BYTES } from 'miniapp'
import { newQuickJSWASMModuleFromVariant, newVariant, RELEASE_SYNC } from 'quickjs-emscripten'
import type { WorkerRequest } from './run-function.ts'

const WASM_PAGE_BYTES = 65_536
/** 16 MiB: what the engine asks for at least. */
const INITIAL_PAGES = 256

const wasmMemory = new WebAssembly.Memory({
  initial: INITIAL_PAGES,
  maximum: FUNCTION_MEMORY_BYTES / WASM_PAGE_BYTES,
})
const engine = createFunctionEngine(
  await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory })),
)

parentPort?.on('message', ({ call, timeMs }: WorkerRequest) => {
  const end = performance.now() + timeMs
  const result = engine.evaluate(call, {
    shouldInterrupt: () => performance.now() >= end,
    timeMs,
    random: Math.random,
  })
  parentPort?.postMessage(JSON.stringify(result))
})
parentPort?.postMessage('ready')
