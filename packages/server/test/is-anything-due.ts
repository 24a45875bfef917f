import type { Database } from '../src/db/client.ts'
import { listDueWorkspaces } from '../src/webhook/store.ts'

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000'
const LATER_THAN_ALL = new Date('9999-12-31T00:00:00Z')

/** Whether an event of any workspace is to be processed, now or later. */
export async function isAnythingDue(db: Database): Promise<boolean> {
  return (await listDueWorkspaces(db, { now: LATER_THAN_ALL, after: BEFORE_ALL, limit: 1 })).length > 0
}
