/** One sandbox process as the server sees it: start it, give it a call and a clock, end it. */
import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { type FunctionResult, limitFailure } from 'miniapp'
import type { Ready, Request } from './child.ts'
import { createFrameReader, frameOf } from './frame.ts'
import { type Command, LOCKED_SPAWN_OPTIONS } from './launch.ts'

/** What is kept of a process's error output, in characters: it says why one could not start. */
const ERROR_OUTPUT_CHARACTERS = 2_000
/**
 * Between a function's time limit, at which it is interrupted from inside, and the end of its process. An interrupted
 * function still answers with what it logged; one inside a built-in cannot be interrupted and loses its process.
 */
const KILL_GRACE_MS = 100
/** Well above any answer: a result of 1 MiB, whose numbers may be written longer than they came, and 8 KiB of log. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024
/**
 * A call that takes longer gives way from then on: most end long before, and nobody waits for a processor because of those
 * that compute until they are stopped.
 */
const LONG_CALL_MS = 50
/** Nice levels. */
const [USUAL_PRIORITY, LOW_PRIORITY] = [constants.priority.PRIORITY_NORMAL, constants.priority.PRIORITY_LOW]

export interface SandboxProcess {
  /** Rejects where the process ends before it could take a call. */
  readonly ready: Promise<void>
  /** Resolves when the process is gone, with what it wrote to its error output last. */
  readonly ended: Promise<string>
  /** False once it was killed or has ended. */
  isAlive(): boolean
  /** One call at a time. Never rejects: a process that ends answers `crash`, one past its time is killed and answers `time`. */
  run(request: Request): Promise<FunctionResult>
  kill(): void
}

const READY: Ready = 'ready'

/** The call that a process is busy with. */
interface Pending {
  answer(text: string): void
  fail(failure: 'time' | 'crash'): void
}

export function startProcess(command: Command): SandboxProcess {
  const child = spawn(command.file, command.args, LOCKED_SPAWN_OPTIONS)
  let alive = true
  let pending: Pending | undefined
  let errorOutput = ''
  const ready = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<string>()
  ready.promise.catch(() => {})

  const end = (reason: string) => {
    alive = false
    pending?.fail('crash')
    ready.reject(new Error(reason))
    ended.resolve(reason)
  }
  const kill = () => {
    alive = false
    child.kill('SIGKILL')
  }
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errorOutput = (errorOutput + text).slice(-ERROR_OUTPUT_CHARACTERS)
  })
  child.on('error', (error) => end(error.message))
  child.on('close', (code, signal) => end(errorOutput.trim() || `ended with ${signal ?? `status ${code}`}`))
  // Its end is told by `close`; a pipe that broke says nothing more.
  child.stdin.on('error', () => {})
  const read = createFrameReader({ maxBytes: MAX_ANSWER_BYTES })
  let isReady = false
  const take = (text: string) => {
    if (!isReady && text === READY) {
      isReady = true
      ready.resolve()
    } else if (pending) pending.answer(text)
    else kill()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    const texts = read(chunk)
    if (texts) for (const text of texts) take(text)
    else if (pending) pending.fail('crash')
    else kill()
  })

  const run = (request: Request) =>
    new Promise<FunctionResult>((resolve) => {
      const { call, timeMs } = request
      const endOfCall = giveWayWhenLong(child.pid)
      const settle = (result: FunctionResult) => {
        clearTimeout(clock)
        endOfCall()
        pending = undefined
        resolve(result)
      }
      const mine: Pending = {
        answer(text) {
          const result = readResult(text)
          if (result) settle(result)
          else mine.fail('crash')
        },
        fail(failure) {
          if (pending !== mine) return
          kill()
          settle({ outcome: limitFailure(call.name, failure, timeMs), logs: '' })
        },
      }
      // The answer may have arrived while this process was too busy to read it: it is read before the verdict.
      const clock = setTimeout(() => setImmediate(() => mine.fail('time')), timeMs + KILL_GRACE_MS)
      pending = mine
      child.stdin.write(frameOf(JSON.stringify(request)))
    })
  return { ready: ready.promise, ended: ended.promise, isAlive: () => alive, run, kill }
}

/** @returns what to call when the call has ended */
function giveWayWhenLong(pid: number | undefined): () => void {
  let isLow = false
  const timer = setTimeout(() => {
    isLow = prioritize(pid, LOW_PRIORITY)
  }, LONG_CALL_MS)
  return () => {
    clearTimeout(timer)
    // Without root it stays low until it is replaced, which is soon where calls are long.
    if (isLow) prioritize(pid, USUAL_PRIORITY)
  }
}

/** @returns false where the process is gone, or the system does not allow it */
function prioritize(pid: number | undefined, level: number): boolean {
  try {
    if (pid !== undefined) setPriority(pid, level)
    return pid !== undefined
  } catch {
    return false
  }
}

/** A process whose sandbox was broken out of could send anything. */
function readResult(text: string): FunctionResult | undefined {
  try {
    const { outcome, logs } = JSON.parse(text) as Partial<FunctionResult>
    if (typeof logs !== 'string' || typeof outcome !== 'object' || outcome === null) return undefined
    const fits = outcome.ok
      ? typeof outcome.value === 'object' && outcome.value !== null && !Array.isArray(outcome.value)
      : typeof outcome.failure === 'string' && typeof outcome.message === 'string'
    return fits ? { outcome, logs } : undefined
  } catch {
    return undefined
  }
}
