/**
 * Runs App Functions (specification 4.3) in a pool of processes that can be killed. A function that loops or eats memory
 * costs its process, never the server; and as one workspace never holds all processes, never another tenant's turn.
 */
import { availableParallelism } from 'node:os'
import { type Effects, FUNCTION_TIME_MS, type FunctionCall, type FunctionResult, limitFailure } from 'miniapp'
import type { Log } from '../log.ts'
import { probeLocks, type SandboxLocks, sandboxCommand } from './launch.ts'
import { type SandboxProcess, startProcess } from './sandbox-process.ts'

/** One process could be held by one hostile workspace: a second serves the others. */
const LEAST_PROCESSES = 2
/** Wait before starting again after a process that never became ready: doubled each time, up to the second. */
const FIRST_RESTART_DELAY_MS = 100
const LONGEST_RESTART_DELAY_MS = 5_000

export interface Sandbox {
  /**
   * The `runFunction` of one workspace. Calls beyond the processes wait their turn, workspaces in rotation; one workspace
   * holds at most all processes but one. Rejects with the signal's reason where it is aborted first (a function under way
   * still ends by itself or by its limit), and once the sandbox is closed.
   */
  forWorkspace(workspaceId: string): Effects['runFunction']
  readonly locks: SandboxLocks
  /** Kills every process; calls waiting and under way reject. Resolves when no process is left. */
  close(): Promise<void>
}

export interface SandboxOptions {
  log: Log
  /** Processes. Default: one a core, at least two. */
  size?: number
  /** Wall time of one call; for tests that wait for its end. Default {@link FUNCTION_TIME_MS}. */
  timeMs?: number
}

interface Job {
  readonly workspaceId: string
  readonly call: FunctionCall
  resolve(result: FunctionResult): void
  reject(reason: unknown): void
}

/** @throws Error with the process's own words where none could be started */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const startedAt = performance.now()
  const size = options.size ?? Math.max(LEAST_PROCESSES, availableParallelism())
  const locks = await probeLocks()
  const pool = new Pool({ ...options, size, timeMs: options.timeMs ?? FUNCTION_TIME_MS, locks })
  await pool.open()
  const level = locks.network === 'none' ? 'warn' : 'info'
  options.log[level]('sandbox.started', {
    processes: size,
    ...locks,
    durationMs: Math.round(performance.now() - startedAt),
  })
  return {
    locks,
    forWorkspace: (workspaceId) => (call, callOptions) => pool.run(workspaceId, call, callOptions.signal),
    close: () => pool.close(),
  }
}

class Pool {
  readonly #options: Required<SandboxOptions> & { locks: SandboxLocks }
  readonly #processes = new Set<SandboxProcess>()
  readonly #idle: SandboxProcess[] = []
  /** Workspaces in the order of their turns. */
  readonly #waiting = new Map<string, Job[]>()
  readonly #running = new Map<string, number>()
  readonly #underWay = new Set<Job>()
  readonly #restarts = new Set<NodeJS.Timeout>()
  #failedStarts = 0
  #closed = false

  constructor(options: Required<SandboxOptions> & { locks: SandboxLocks }) {
    this.#options = options
  }

  /** Resolves when the first process can take a call. */
  async open(): Promise<void> {
    const starts = Array.from({ length: this.#options.size }, () => this.#start().ready)
    try {
      await Promise.any(starts)
    } catch (error) {
      await this.close()
      const [cause] = (error as AggregateError).errors as Error[]
      throw new Error(`The sandbox for App Functions could not be started: ${cause?.message}`, { cause })
    }
  }

  run(workspaceId: string, call: FunctionCall, signal: AbortSignal | undefined): Promise<FunctionResult> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('The sandbox is closed.'))
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        this.#forget(job)
        reject(signal?.reason)
      }
      const done = () => signal?.removeEventListener('abort', onAbort)
      const job: Job = {
        workspaceId,
        call,
        resolve: (result) => {
          done()
          resolve(result)
        },
        reject: (reason) => {
          done()
          reject(reason)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      const queue = this.#waiting.get(workspaceId)
      if (queue) queue.push(job)
      else this.#waiting.set(workspaceId, [job])
      this.#dispatch()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#restarts) clearTimeout(timer)
    const jobs = [...this.#underWay, ...[...this.#waiting.values()].flat()]
    this.#waiting.clear()
    for (const job of jobs) job.reject(new Error('The sandbox was closed while the function waited or ran.'))
    const processes = [...this.#processes]
    for (const process of processes) process.kill()
    await Promise.all(processes.map((process) => process.ended))
  }

  #start(): SandboxProcess {
    const process = startProcess(sandboxCommand(this.#options.locks))
    let wasReady = false
    this.#processes.add(process)
    process.ready.then(
      () => {
        wasReady = true
        this.#failedStarts = 0
        this.#release(process)
      },
      () => {},
    )
    void process.ended.then((reason) => {
      this.#processes.delete(process)
      const index = this.#idle.indexOf(process)
      if (index >= 0) this.#idle.splice(index, 1)
      if (!this.#closed) this.#replace(wasReady, reason)
    })
    return process
  }

  #replace(wasReady: boolean, reason: string): void {
    if (wasReady) {
      this.#start()
      return
    }
    const delayMs = Math.min(FIRST_RESTART_DELAY_MS * 2 ** this.#failedStarts++, LONGEST_RESTART_DELAY_MS)
    this.#options.log.error('sandbox.replaced', { status: 'start-failed', reason, delayMs })
    if (this.#processes.size === 0) this.#failAllWaiting()
    const timer = setTimeout(() => {
      this.#restarts.delete(timer)
      this.#start()
    }, delayMs)
    this.#restarts.add(timer)
  }

  #failAllWaiting(): void {
    const jobs = [...this.#waiting.values()].flat()
    this.#waiting.clear()
    for (const job of jobs) job.resolve({ outcome: limitFailure(job.call.name, 'crash'), logs: '' })
  }

  #forget(job: Job): void {
    const queue = this.#waiting.get(job.workspaceId)
    const index = queue?.indexOf(job) ?? -1
    if (index < 0) return
    queue?.splice(index, 1)
    if (queue?.length === 0) this.#waiting.delete(job.workspaceId)
  }

  #release(process: SandboxProcess): void {
    if (this.#closed || !process.isAlive()) return
    this.#idle.push(process)
    this.#dispatch()
  }

  #dispatch(): void {
    while (this.#idle.length > 0) {
      const job = this.#next()
      if (job === undefined) return
      const process = this.#idle.shift()
      if (process) void this.#execute(process, job)
    }
  }

  /** The oldest call of the workspace whose turn it is; the workspace moves to the end of the rotation. */
  #next(): Job | undefined {
    const most = Math.max(1, this.#options.size - 1)
    for (const [workspaceId, queue] of this.#waiting) {
      if ((this.#running.get(workspaceId) ?? 0) >= most) continue
      const job = queue.shift()
      this.#waiting.delete(workspaceId)
      if (queue.length > 0) this.#waiting.set(workspaceId, queue)
      return job
    }
    return undefined
  }

  async #execute(process: SandboxProcess, job: Job): Promise<void> {
    const { workspaceId, call } = job
    const { log, timeMs } = this.#options
    const startedAt = performance.now()
    this.#running.set(workspaceId, (this.#running.get(workspaceId) ?? 0) + 1)
    this.#underWay.add(job)
    const result = await process.run(call, timeMs)
    this.#underWay.delete(job)
    const left = (this.#running.get(workspaceId) ?? 1) - 1
    if (left === 0) this.#running.delete(workspaceId)
    else this.#running.set(workspaceId, left)
    job.resolve(result)
    if (process.isAlive()) this.#release(process)
    else if (!this.#closed) {
      const status = result.outcome.ok ? 'crash' : result.outcome.failure
      const durationMs = Math.round(performance.now() - startedAt)
      log.warn('sandbox.replaced', { status, workspaceId, function: call.name, durationMs })
      this.#dispatch()
    }
  }
}
