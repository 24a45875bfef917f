/** Which workspace holds how many processes of the pool. */

/**
 * A workspace holds a process while a function of its runs there, and goes on holding one that its function cost until
 * there is another in its place: otherwise whoever has processes killed could take the last one meanwhile.
 */
export class Holdings {
  readonly #held = new Map<string, number>()
  readonly #most: number

  /** @param processes of the pool; one workspace never holds all of them, unless there is but one */
  constructor(processes: number) {
    this.#most = Math.max(1, processes - 1)
  }

  mayTake(workspaceId: string): boolean {
    return (this.#held.get(workspaceId) ?? 0) < this.#most
  }

  take(workspaceId: string): void {
    this.#held.set(workspaceId, (this.#held.get(workspaceId) ?? 0) + 1)
  }

  giveBack(workspaceId: string): void {
    const left = (this.#held.get(workspaceId) ?? 1) - 1
    if (left === 0) this.#held.delete(workspaceId)
    else this.#held.set(workspaceId, left)
  }
}
