import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Effects, FUNCTION_TIME_MS, type FunctionCall, type FunctionResult, limitFailure } from 'miniapp'

/**
 * A function is interrupted from inside at its limit and then still answers with what it logged. One inside a built-in
 * cannot be interrupted: its thread ends this many milliseconds later.
 */
const KILL_GRACE_MS = 200

/** The definition is the author's own: a thread with an engine in WebAssembly is wall enough. Servers use processes. */
export interface LocalFunctions {
  runFunction: Effects['runFunction']
  close(): Promise<void>
}

export interface WorkerRequest {
  call: FunctionCall
  timeMs: number
}

/** One thread, started at the first call, in which calls run one after the other. */
export function createLocalFunctions(): LocalFunctions {
  let worker: Worker | undefined
  let last: Promise<unknown> = Promise.resolve()
  const end = async () => {
    const ended = worker
    worker = undefined
    await ended?.terminate()
  }
  const evaluate = async (call: FunctionCall): Promise<FunctionResult> => {
    worker ??= startWorker()
    await readyOf(worker)
    const result = await answerOf(worker, { call, timeMs: FUNCTION_TIME_MS })
    // What a function left behind in an engine that hit a limit is unknown.
    if (!result.outcome.ok) await end()
    return result
  }
  return {
    runFunction: (call) => {
      const result = last.then(() => evaluate(call))
      last = result.catch(() => {})
      return result
    },
    close: end,
  }
}

const ready = new WeakMap<Worker, Promise<void>>()

function startWorker(): Worker {
  const worker = new Worker(new URL(`./function-worker${extname(import.meta.url)}`, import.meta.url), {
    env: {},
  })
  ready.set(
    worker,
    new Promise((resolve, reject) => {
      worker.once('message', () => resolve())
      // Stays: an error that nobody listens for would end the process.
      worker.on('error', reject)
    }),
  )
  return worker
}

/** The time of a function does not begin before its engine is ready. */
async function readyOf(worker: Worker): Promise<void> {
  await ready.get(worker)
}

function answerOf(worker: Worker, request: WorkerRequest): Promise<FunctionResult> {
  return new Promise((resolve) => {
    const settle = (result: FunctionResult) => {
      clearTimeout(clock)
      worker.off('message', onAnswer).off('exit', onExit)
      resolve(result)
    }
    const fail = (failure: 'time' | 'crash') =>
      settle({ outcome: limitFailure(request.call.name, failure, request.timeMs), logs: '' })
    const onAnswer = (text: string) => settle(JSON.parse(text) as FunctionResult)
    const onExit = () => fail('crash')
    const clock = setTimeout(() => fail('time'), request.timeMs + KILL_GRACE_MS)
    worker.once('message', onAnswer).once('exit', onExit)
    worker.postMessage(request)
  })
}
