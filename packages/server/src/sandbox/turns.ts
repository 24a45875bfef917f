/** The calls that wait for a process: each workspace has a queue of its own, and the queues take turns. */
import type { FunctionCall, FunctionResult } from 'miniapp'

/**
 * Calls of one workspace that may wait. A workspace with one process ends some thousand small calls a second, so these are
 * gone in a moment; where each takes its 2 s, the last would come after every deadline.
 */
export const MAX_WAITING_CALLS = 200

export interface Job {
  readonly workspaceId: string
  readonly call: FunctionCall
  resolve(result: FunctionResult): void
  reject(reason: unknown): void
}

export class Turns {
  /** Workspaces in the order of their turns. */
  readonly #queues = new Map<string, Job[]>()

  get size(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.length, 0)
  }

  /** @returns false where the workspace's queue is full */
  add(job: Job): boolean {
    const queue = this.#queues.get(job.workspaceId)
    if (queue && queue.length >= MAX_WAITING_CALLS) return false
    if (queue) queue.push(job)
    else this.#queues.set(job.workspaceId, [job])
    return true
  }

  remove(job: Job): void {
    const queue = this.#queues.get(job.workspaceId)
    const index = queue?.indexOf(job) ?? -1
    if (index < 0) return
    queue?.splice(index, 1)
    if (queue?.length === 0) this.#queues.delete(job.workspaceId)
  }

  /** The oldest call of the first workspace that may go; the workspace moves to the end. */
  next(may: (workspaceId: string) => boolean): Job | undefined {
    for (const [workspaceId, queue] of this.#queues) {
      if (!may(workspaceId)) continue
      const job = queue.shift()
      this.#queues.delete(workspaceId)
      if (queue.length > 0) this.#queues.set(workspaceId, queue)
      return job
    }
    return undefined
  }

  takeAll(): Job[] {
    const jobs = [...this.#queues.values()].flat()
    this.#queues.clear()
    return jobs
  }
}
