import { AsyncLocalStorage } from 'node:async_hooks'
import { isConnectionFailure, isDatabaseError } from './error.ts'

export interface GroupCommitOptions {
  /** Items in one write, at most. */
  maxItems: number
  /**
   * Writes under way at the same time, at most. On PostgreSQL two keep the disk busy while the next batch gathers. One that
   * begins beside others holds at least half as many items as they do: a stream of writes with one item each would cost
   * more than it hastens. And at most its share of all there are: the few of a small write would come back, as further
   * items, to wait for the end of the large one, and then all would be in the database and nobody at work here.
   */
  inFlight: number
  /** What items weigh together in one write, at most, in the unit of `weightOf`. A heavier item goes alone. Default: any. */
  maxWeight?: number
}

/** A write with fewer waits for the end of the turn, however few the one before it had. */
const LEAST_WITHIN_TURN = 8

interface Waiting<Item> {
  item: Item
  resolve(item: Item): void
  reject(error: unknown): void
}

/**
 * Gathers items that arrive together, or while earlier writes are under way, into one write each: a commit costs a flush
 * of the disk, however many rows it holds.
 *
 * Where PostgreSQL refuses a batch because of what is in it, the batch is halved and written again, so that one bad row
 * does not take its neighbours along.
 */
export class GroupCommit<Item> {
  readonly #write: (items: Item[]) => Promise<void>
  readonly #options: Required<GroupCommitOptions>
  readonly #weightOf: (item: Item) => number
  // Batches mix the items of many callers: the write must not run as part of the transaction of one of them.
  readonly #outsideOfCallers = AsyncLocalStorage.snapshot()
  #queue: Waiting<Item>[] = []
  #writes = 0
  #itemsUnderWay = 0
  #weight = 0
  #scheduled = false
  #lastLength = 0

  /**
   * @param write stores all items in one transaction, or none
   * @param weightOf for `maxWeight` and `weight`
   */
  constructor(
    write: (items: Item[]) => Promise<void>,
    options: GroupCommitOptions,
    weightOf: (item: Item) => number = () => 0,
  ) {
    this.#write = write
    this.#options = { maxWeight: Number.POSITIVE_INFINITY, ...options }
    this.#weightOf = weightOf
  }

  /** Of all items that wait or are being written, in the unit of `weightOf`. */
  get weight(): number {
    return this.#weight
  }

  /** Resolves with the item after the commit that holds it; rejects with the error of its write. */
  commit(item: Item): Promise<Item> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, resolve, reject })
      this.#weight += this.#weightOf(item)
      if (this.#isDueWithinTurn()) this.#outsideOfCallers(() => void this.#flush())
      else if (!this.#scheduled && this.#isDue()) this.#outsideOfCallers(() => this.#schedule())
    })
  }

  #schedule(): void {
    if (this.#scheduled || !this.#isDue()) return
    this.#scheduled = true
    // After the input of this turn of the event loop has been handled, so that all of it goes into one batch.
    setImmediate(() => {
      this.#scheduled = false
      while (this.#isDue()) void this.#flush()
    })
  }

  /** As many as the last write had: the database begins with them while the rest of this turn is taken in. */
  #isDueWithinTurn(): boolean {
    return this.#queue.length >= Math.max(LEAST_WITHIN_TURN, this.#lastLength) && this.#isDue()
  }

  #isDue(): boolean {
    const { length } = this.#queue
    const { inFlight, maxItems } = this.#options
    return length > 0 && this.#writes < inFlight && length * 2 >= Math.min(this.#itemsUnderWay, maxItems)
  }

  async #flush(): Promise<void> {
    const batch = this.#queue.slice(0, this.#nextLength())
    this.#queue = this.#queue.slice(batch.length)
    this.#lastLength = batch.length
    this.#writes += 1
    this.#itemsUnderWay += batch.length
    const failures = await this.#writeBatch(batch)
    this.#writes -= 1
    this.#itemsUnderWay -= batch.length
    // First, so that the database has something to do while these are answered.
    if (this.#queue.length >= LEAST_WITHIN_TURN && this.#isDue()) void this.#flush()
    for (const one of batch) {
      this.#weight -= this.#weightOf(one.item)
      if (failures?.has(one)) one.reject(failures.get(one))
      else one.resolve(one.item)
    }
    this.#schedule()
  }

  #nextLength(): number {
    const { inFlight, maxItems, maxWeight } = this.#options
    const share = (this.#queue.length + this.#itemsUnderWay) / inFlight
    const most = this.#writes === 0 ? maxItems : Math.min(maxItems, Math.ceil(share))
    let weight = 0
    let length = 0
    for (const { item } of this.#queue) {
      weight += this.#weightOf(item)
      if (length === most || (length > 0 && weight > maxWeight)) break
      length += 1
    }
    return length
  }

  /** @returns what could not be written, and why; nothing where all was */
  async #writeBatch(batch: Waiting<Item>[]): Promise<Map<Waiting<Item>, unknown> | undefined> {
    try {
      await this.#write(batch.map(({ item }) => item))
      return undefined
    } catch (error) {
      if (batch.length === 1 || !isDatabaseError(error) || isConnectionFailure(error)) {
        return new Map(batch.map((one) => [one, error]))
      }
      const middle = Math.ceil(batch.length / 2)
      const first = await this.#writeBatch(batch.slice(0, middle))
      const second = await this.#writeBatch(batch.slice(middle))
      return new Map([...(first ?? []), ...(second ?? [])])
    }
  }
}
