import { BoundedCache } from '../cache.ts'

/** Milliseconds: a turn that takes longer waits for something, such as a function of the workspace. */
export const SLOW_TURN_MS = 500
/** Slow turns under way. Each may use a few connections to the database when what it waited for is there. */
export const MAX_SLOW_TURNS = 8
const SLOW_WORKSPACES_KEPT = 5_000

/**
 * Turns of workspaces where one that takes long does not hold up the others: it goes on beside them, and the next turns of
 * that workspace begin there, until one was short again.
 */
export class Turns {
  /** With their workspaces. */
  readonly #underWay = new Map<Promise<unknown>, string>()
  readonly #slow = new BoundedCache<true>(SLOW_WORKSPACES_KEPT)
  readonly #options: { now(): number; onFreed(): void }

  /**
   * @param options.now milliseconds
   * @param options.onFreed called when a turn that went on beside the others has ended
   */
  constructor(options: { now(): number; onFreed(): void }) {
    this.#options = options
  }

  /** @returns what the turn returns; 0 where it goes on beside the others, or has to wait for a place there */
  async take(workspaceId: string, turn: () => Promise<number>): Promise<number> {
    if (new Set(this.#underWay.values()).has(workspaceId)) return 0
    const startedAt = this.#options.now()
    const hasPlace = this.#underWay.size < MAX_SLOW_TURNS
    if (this.#slow.get(workspaceId)) {
      if (hasPlace) this.#goOnBeside(workspaceId, turn(), startedAt)
      return 0
    }
    const running = turn()
    const isSlow = await Promise.race([running.then(() => false), later(SLOW_TURN_MS)])
    if (!isSlow) return running
    if (this.#underWay.size >= MAX_SLOW_TURNS) return running
    this.#goOnBeside(workspaceId, running, startedAt)
    return 0
  }

  /** Waits for those under way. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#underWay.keys())
  }

  #goOnBeside(workspaceId: string, running: Promise<number>, startedAt: number): void {
    const { now, onFreed } = this.#options
    const ended = () => {
      this.#underWay.delete(goesOn)
      if (now() - startedAt < SLOW_TURN_MS) this.#slow.delete(workspaceId)
      onFreed()
    }
    this.#slow.set(workspaceId, true)
    // What failed was the database's fault: the next turn of the lanes meets it too, and says so.
    const goesOn: Promise<void> = running.then(ended, ended)
    this.#underWay.set(goesOn, workspaceId)
  }
}

function later(ms: number): Promise<true> {
  return new Promise((resolve) => setTimeout(() => resolve(true), ms).unref())
}
