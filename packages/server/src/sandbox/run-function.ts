/**
 * Runs App Functions (specification 4.3) in a pool of processes that can be killed. A function that loops or eats memory
 * costs its process, never the server; and as one workspace never holds all processes, never another tenant's turn.
 */
import { availableParallelism } from 'node:os'
import {
  type Effects,
  FUNCTION_TIME_MS,
  type FunctionCall,
  type FunctionResult,
  limitFailure,
  MiniAppError,
} from 'miniapp'
import type { Log } from '../log.ts'
import { Holdings } from './holdings.ts'
import { type Command, probeLocks, type SandboxLocks, sandboxCommand } from './launch.ts'
import { type SandboxProcess, startProcess } from './sandbox-process.ts'
import { type Job, MAX_WAITING_CALLS, Turns } from './turns.ts'

/** One process could be held by one hostile workspace: a second serves the others. */
const LEAST_PROCESSES = 2
/** Wait before starting again after a process that never became ready: doubled each time, up to the second. */
const FIRST_RESTART_DELAY_MS = 100
const LONGEST_RESTART_DELAY_MS = 5_000

export interface Sandbox {
  /**
   * The `runFunction` of one workspace. Calls beyond the processes wait their turn, workspaces in rotation; one workspace
   * holds at most all processes but one. A call's time begins when it has a process. Rejects with the signal's reason where
   * it is aborted first (a function under way still ends by itself or by its limit), with `RATE_LIMITED` where too many
   * calls of the workspace wait, and once the sandbox is closed.
   */
  forWorkspace(workspaceId: string): Effects['runFunction']
  readonly locks: SandboxLocks
  /** Processes now, by what they do; `waiting` counts calls. */
  load(): { busy: number; idle: number; starting: number; waiting: number }
  /** Kills every process; calls waiting and under way reject. Resolves when no process is left. */
  close(): Promise<void>
}

export interface SandboxOptions {
  log: Log
  /** Processes at most. Default: one a core, at least two. */
  size?: number
  /** Wall time of one call; for tests that wait for its end. Default {@link FUNCTION_TIME_MS}. */
  timeMs?: number
}

/** @throws Error with the process's own words where none could be started */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const startedAt = performance.now()
  const size = options.size ?? Math.max(LEAST_PROCESSES, availableParallelism())
  const locks = await probeLocks()
  const command = sandboxCommand(locks)
  const pool = new Pool({ ...options, size, timeMs: options.timeMs ?? FUNCTION_TIME_MS, command })
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
    load: () => pool.load(),
    close: () => pool.close(),
  }
}

class Pool {
  readonly #options: Required<SandboxOptions> & { command: Command }
  readonly #processes = new Set<SandboxProcess>()
  readonly #idle: SandboxProcess[] = []
  readonly #turns = new Turns()
  readonly #holdings: Holdings
  /** By process, the workspace whose function ran there last. */
  readonly #lastUsers = new WeakMap<SandboxProcess, string>()
  readonly #underWay = new Map<SandboxProcess, Job>()
  readonly #restarts = new Set<NodeJS.Timeout>()
  #failedStarts = 0
  #closed = false

  constructor(options: Required<SandboxOptions> & { command: Command }) {
    this.#options = options
    this.#holdings = new Holdings(options.size)
  }

  /** Resolves when a process can take a call. The others follow with the calls: most servers never need them all. */
  async open(): Promise<void> {
    try {
      await this.#start().ready
    } catch (cause) {
      await this.close()
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`The sandbox for App Functions could not be started: ${reason}`, { cause })
    }
  }

  run(workspaceId: string, call: FunctionCall, signal: AbortSignal | undefined): Promise<FunctionResult> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('The sandbox is closed.'))
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        this.#turns.remove(job)
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
      if (this.#turns.add(job)) this.#dispatch()
      else job.reject(queueFull(this.#options.timeMs))
    })
  }

  load(): ReturnType<Sandbox['load']> {
    const [busy, idle] = [this.#underWay.size, this.#idle.length]
    return { busy, idle, starting: this.#processes.size - busy - idle, waiting: this.#turns.size }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#restarts) clearTimeout(timer)
    const jobs = [...this.#underWay.values(), ...this.#turns.takeAll()]
    for (const job of jobs) job.reject(new Error('The sandbox was closed while the function waited or ran.'))
    const processes = [...this.#processes]
    for (const process of processes) process.kill()
    await Promise.all(processes.map((process) => process.ended))
  }

  /** @param debtor the workspace whose function cost the process that this one takes the place of */
  #start(debtor?: string): SandboxProcess {
    const process = startProcess(this.#options.command)
    let wasReady = false
    this.#processes.add(process)
    process.ready.then(
      () => {
        wasReady = true
        this.#failedStarts = 0
        if (debtor !== undefined) this.#holdings.giveBack(debtor)
        this.#release(process)
      },
      () => {},
    )
    void process.ended.then((reason) => {
      this.#processes.delete(process)
      const index = this.#idle.indexOf(process)
      if (index >= 0) this.#idle.splice(index, 1)
      const lost = this.#underWay.get(process)
      this.#underWay.delete(process)
      if (!this.#closed) this.#replace(wasReady, reason, lost?.workspaceId ?? (wasReady ? undefined : debtor))
    })
    return process
  }

  #replace(wasReady: boolean, reason: string, debtor: string | undefined): void {
    if (wasReady) {
      this.#start(debtor)
      return
    }
    const delayMs = Math.min(FIRST_RESTART_DELAY_MS * 2 ** this.#failedStarts++, LONGEST_RESTART_DELAY_MS)
    this.#options.log.error('sandbox.replaced', { status: 'start-failed', reason, delayMs })
    if (this.#processes.size === 0) this.#failAllWaiting()
    const timer = setTimeout(() => {
      this.#restarts.delete(timer)
      this.#start(debtor)
    }, delayMs)
    this.#restarts.add(timer)
  }

  #failAllWaiting(): void {
    for (const job of this.#turns.takeAll())
      job.resolve({ outcome: limitFailure(job.call.name, 'crash'), logs: '' })
  }

  #release(process: SandboxProcess): void {
    if (this.#closed || !process.isAlive()) return
    this.#idle.push(process)
    this.#dispatch()
  }

  #dispatch(): void {
    while (this.#idle.length > 0) {
      const job = this.#turns.next((workspaceId) => this.#holdings.mayTake(workspaceId))
      if (job === undefined) break
      void this.#execute(this.#takeIdle(job.workspaceId), job)
    }
    this.#grow()
  }

  /** One more than there are calls, so that the next one, which may be of another workspace, finds it ready. */
  #grow(): void {
    const wanted = Math.min(this.#options.size, this.#underWay.size + this.#turns.size + 1)
    while (this.#processes.size + this.#restarts.size < wanted) this.#start()
  }

  /** Where the workspace's last function ran nothing has to be wiped. */
  #takeIdle(workspaceId: string): SandboxProcess {
    const known = this.#idle.findIndex((process) => this.#lastUsers.get(process) === workspaceId)
    const [process] = this.#idle.splice(Math.max(0, known), 1)
    if (process === undefined) throw new Error('No process is idle.')
    return process
  }

  async #execute(process: SandboxProcess, job: Job): Promise<void> {
    const { workspaceId, call } = job
    const { log, timeMs } = this.#options
    const startedAt = performance.now()
    const lastUser = this.#lastUsers.get(process)
    this.#lastUsers.set(process, workspaceId)
    this.#holdings.take(workspaceId)
    this.#underWay.set(process, job)
    const result = await process.run({
      call,
      timeMs,
      wipe: lastUser !== undefined && lastUser !== workspaceId,
    })
    job.resolve(result)
    if (process.isAlive()) {
      this.#underWay.delete(process)
      this.#holdings.giveBack(workspaceId)
      this.#release(process)
    } else if (!this.#closed) {
      const status = result.outcome.ok ? 'crash' : result.outcome.failure
      const durationMs = Math.round(performance.now() - startedAt)
      log.warn('sandbox.replaced', { status, workspaceId, function: call.name, durationMs })
    }
  }
}

function queueFull(timeMs: number): MiniAppError {
  return new MiniAppError(
    'RATE_LIMITED',
    `${MAX_WAITING_CALLS} calls of App Functions of this workspace wait already; try again when they are done.`,
    { details: { retryAfterMs: timeMs } },
  )
}
