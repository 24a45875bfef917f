import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { GroupCommit } from '../db/group-commit.ts'
import { storableText } from '../db/text.ts'
import { countRejections, type Rejections } from './store.ts'

const REJECTIONS_PER_COMMIT = 500
const MINUTE_MS = 60_000
/** Names of one delivery that are listed, and characters of each: whoever forges chooses them. */
const MAX_HEADER_NAMES = 50
const MAX_HEADER_NAME_CHARACTERS = 100

/** A delivery that was refused: nothing of its body is kept (specification 5.1). */
export interface Rejection {
  /** Absent at the address of the platform: nobody knows whose it would have been. */
  workspaceId: string | undefined
  ns: string
  code: string
  /** For the people of the workspace; holds no secret. */
  reason: string
  headerNames: readonly string[]
}

const counterOf = perContext(
  (context: Context) =>
    new GroupCommit<Rejections>((rejections) => countRejections(context.db, merged(rejections)), {
      maxItems: REJECTIONS_PER_COMMIT,
      inFlight: 1,
    }),
)

/** Counts a rejection: for the operator, and in the event log of the workspace. That it could not be counted is logged and changes nothing for the caller. */
export async function countRejection(context: Context, rejection: Rejection): Promise<void> {
  const { workspaceId, ns, code, reason } = rejection
  const now = context.now()
  const at = new Date(now)
  context.log.info('webhook.refused', { ...(workspaceId && { workspaceId }), ns, status: code })
  if (workspaceId === undefined) return
  try {
    await counterOf(context).commit({
      workspaceId,
      ns,
      code,
      reason: storableText(reason),
      headerNames: rejection.headerNames
        .slice(0, MAX_HEADER_NAMES)
        .map((name) => storableText(name.slice(0, MAX_HEADER_NAME_CHARACTERS))),
      minute: new Date(now - (now % MINUTE_MS)),
      count: 1,
      firstAt: at,
      lastAt: at,
    })
  } catch (error) {
    context.log.error('webhook.refused', { workspaceId, ns, status: code, error })
  }
}

/** One statement cannot add to a row twice. In the order of the key, so that processes do not wait in a circle. */
function merged(rejections: readonly Rejections[]): Rejections[] {
  const rows = new Map<string, Rejections>()
  for (const one of rejections) {
    const name = JSON.stringify([one.workspaceId, one.minute, one.ns, one.code])
    const known = rows.get(name)
    if (known === undefined) rows.set(name, { ...one })
    else Object.assign(known, one, { count: known.count + one.count, firstAt: known.firstAt })
  }
  return [...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
}
