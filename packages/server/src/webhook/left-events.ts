/** Events of turns that nobody is at any more: of processes that ended, and of turns that failed here. */
import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { freeLeft, type Held, PROMPT_CLAIMS } from '../jobs/left-claims.ts'
import { freeEvents } from './store.ts'
import { wake } from './wake.ts'

/** What a turn took that failed because of the database. */
interface LeftTurn extends Held {
  ids: string[]
  /** Of its claims. */
  until: Date
}

const leftTurnsOf = perContext((_context: Context): LeftTurn[] => [])

/** A turn of this process failed: what of its events is not settled is given back when the database answers again. */
export function leave(context: Context, turn: LeftTurn): void {
  leftTurnsOf(context).push(turn)
}

/** One look. @throws the error of the database */
export async function freeLeftEvents(context: Context, signal?: AbortSignal): Promise<void> {
  const { db } = context
  const turns = leftTurnsOf(context)
  for (let turn = turns[0]; turn !== undefined; turn = turns[0]) {
    const { ids, until } = turn
    await freeEvents(db, turn, { ...options(context), only: { ids, until } })
    turns.shift()
    wake(context)
  }
  const free = async (held: Held) => {
    await freeEvents(db, held, options(context))
    wake(context)
  }
  await freeLeft(db, { table: 'webhook_event', free }, signal)
}

function options({ now }: Context) {
  return { now: new Date(now()), promptClaims: PROMPT_CLAIMS }
}
