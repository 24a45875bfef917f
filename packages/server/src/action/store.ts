import { sql } from 'kysely'
import { isId } from '../account/id.ts'
import type { PageRange } from '../account/store.ts'
import type { Database } from '../db/client.ts'
import { rowInserter } from '../db/insert-rows.ts'
import { uuidTime } from '../db/uuid.ts'

export type RunStatus = 'succeeded' | 'failed'
/** Who ran the action (specification 4.4). */
export type ActorKind = 'user' | 'token' | 'automation' | 'panel' | 'mcp'

export interface ActionRun {
  workspaceId: string
  id: string
  createdAt: Date
  ns: string
  version: string
  action: string
  actorKind: string
  actorId: string | null
  status: RunStatus
  errorCode: string | null
  durationMs: number
  requestId: string | null
  /** JSON: steps, error and notes; redacted. */
  record: string
}

export type ListedRun = Omit<ActionRun, 'record'>

const listedColumns = [
  'workspaceId',
  'id',
  'createdAt',
  'ns',
  'version',
  'action',
  'actorKind',
  'actorId',
  'status',
  'errorCode',
  'durationMs',
  'requestId',
] as const

/** Writes many runs in one statement, in one commit. */
export const insertRuns = rowInserter('actionRun', [...listedColumns, 'record'])

export interface RunFilter {
  workspaceId: string
  ns?: string
  action?: string
  status?: RunStatus
}

function matching(db: Database, filter: RunFilter) {
  let query = db.sql.selectFrom('actionRun').where('workspaceId', '=', filter.workspaceId)
  if (filter.ns !== undefined) query = query.where('ns', '=', filter.ns)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  return query
}

/** Newest first, by (created_at, id). */
export async function listRuns(db: Database, filter: RunFilter, range: PageRange): Promise<ListedRun[]> {
  let query = matching(db, filter).select(listedColumns)
  if (range.after) {
    const { value, id } = range.after
    query = query.where(sql<boolean>`(created_at, id) < (${value}, ${id}::uuid)`)
  }
  return query
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .offset(range.offset)
    .limit(range.limit)
    .execute()
}

export async function countRuns(db: Database, filter: RunFilter): Promise<number> {
  const row = await matching(db, filter)
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Any text may be asked for; what is no id finds nothing. */
export async function findRun(
  db: Database,
  key: { workspaceId: string; id: string },
): Promise<ActionRun | undefined> {
  if (!isId(key.id)) return undefined
  const createdAt = uuidTime(key.id)
  return db.sql
    .selectFrom('actionRun')
    .select([...listedColumns, 'record'])
    .where('workspaceId', '=', key.workspaceId)
    .where('createdAt', '=', createdAt)
    .where('id', '=', key.id)
    .executeTakeFirst()
}
