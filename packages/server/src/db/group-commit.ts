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
  resolve(): void
  reject(error: unknown): void
}

/**
 * Gathers items that arrive together, or while earlier writes are under way, into one write each: a commit costs a flush
 * of the disk, however many rows it holds.
 *
 * Where PostgreSQL refuses a batch because of what is in it, the batch is halved and written again, so that one bad row
 * does not take its neighbours along.
 *
 * @param write stores all items in one transaction, or none
 * @param weightOf for `maxWeight`
 * @returns resolves after the commit that holds the item; rejects with the error of its write
 */
export function createGroupCommit<Item>(
  write: (items: Item[]) => Promise<void>,
  { maxItems, inFlight, maxWeight = Number.POSITIVE_INFINITY }: GroupCommitOptions,
  weightOf: (item: Item) => number = () => 0,
): (item: Item) => Promise<void> {
  // Batches mix the items of many callers: the write must not run as part of the transaction of one of them.
  const outsideOfCallers = AsyncLocalStorage.snapshot()
  let queue: Waiting<Item>[] = []
  let writes = 0
  let itemsUnderWay = 0
  let scheduled = false
  let lastLength = 0

  function schedule(): void {
    if (scheduled || !isDue()) return
    scheduled = true
    // After the input of this turn of the event loop has been handled, so that all of it goes into one batch.
    setImmediate(() => {
      scheduled = false
      while (isDue()) void flush()
    })
  }

  /** As many as the last write had: the database begins with them while the rest of this turn is taken in. */
  function isDueWithinTurn(): boolean {
    return queue.length >= Math.max(LEAST_WITHIN_TURN, lastLength) && isDue()
  }

  function isDue(): boolean {
    return queue.length > 0 && writes < inFlight && queue.length * 2 >= Math.min(itemsUnderWay, maxItems)
  }

  async function flush(): Promise<void> {
    const batch = queue.slice(0, nextLength())
    queue = queue.slice(batch.length)
    lastLength = batch.length
    writes += 1
    itemsUnderWay += batch.length
    await writeBatch(batch)
    writes -= 1
    itemsUnderWay -= batch.length
    schedule()
  }

  function nextLength(): number {
    const share = writes === 0 ? maxItems : Math.ceil((queue.length + itemsUnderWay) / inFlight)
    const most = Math.min(maxItems, share)
    let weight = 0
    let length = 0
    for (const { item } of queue) {
      weight += weightOf(item)
      if (length === most || (length > 0 && weight > maxWeight)) break
      length += 1
    }
    return length
  }

  async function writeBatch(batch: Waiting<Item>[]): Promise<void> {
    try {
      await write(batch.map(({ item }) => item))
      for (const { resolve } of batch) resolve()
    } catch (error) {
      if (batch.length === 1 || !isDatabaseError(error) || isConnectionFailure(error)) {
        for (const { reject } of batch) reject(error)
        return
      }
      const middle = Math.ceil(batch.length / 2)
      await writeBatch(batch.slice(0, middle))
      await writeBatch(batch.slice(middle))
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject })
      if (isDueWithinTurn()) outsideOfCallers(() => void flush())
      else if (!scheduled && isDue()) outsideOfCallers(schedule)
    })
}
