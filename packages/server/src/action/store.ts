import { sql } from 'kysely'
import type { Database } from '../db/client.ts'

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
  actorKind: ActorKind
  actorId: string
  status: RunStatus
  errorCode: string | null
  durationMs: number
  requestId: string
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
export async function insertRuns(db: Database, runs: readonly ActionRun[]): Promise<void> {
  await db.sql
    .insertInto('actionRun')
    .values([...runs])
    .execute()
}

export interface RunFilter {
  workspaceId: string
  ns?: string
  action?: string
  status?: RunStatus
  /** Only runs before this one in the order of the list. */
  after?: { createdAt: Date; id: string }
  first: number
}

/** Newest first, by (created_at, id). */
export async function listRuns(db: Database, filter: RunFilter): Promise<ListedRun[]> {
  let query = db.sql
    .selectFrom('actionRun')
    .select(listedColumns)
    .where('workspaceId', '=', filter.workspaceId)
  if (filter.ns !== undefined) query = query.where('ns', '=', filter.ns)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (filter.after) {
    const { createdAt, id } = filter.after
    query = query.where(sql<boolean>`(created_at, id) < (${createdAt}, ${id}::uuid)`)
  }
  const rows = await query.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(filter.first).execute()
  return rows as ListedRun[]
}

/** @param key.createdAt read off the id, so that one partition is searched */
export async function findRun(
  db: Database,
  key: { workspaceId: string; id: string; createdAt: Date },
): Promise<ActionRun | undefined> {
  const row = await db.sql
    .selectFrom('actionRun')
    .select([...listedColumns, 'record'])
    .where('workspaceId', '=', key.workspaceId)
    .where('createdAt', '=', key.createdAt)
    .where('id', '=', key.id)
    .executeTakeFirst()
  return row as ActionRun | undefined
}
