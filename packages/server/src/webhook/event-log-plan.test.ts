/** What a filter by status costs in a long log where next to nothing has it: with statistics, and on a day that has none yet. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { explainedNodes, rowsRead } from '../../test/query-plan.ts'
import type { WebhookStatus } from '../db/webhook-schema.ts'
import { listEvents, selectEvents } from './event-log.ts'

const WORKSPACE = '01900000-0000-7000-8000-000000000001'
const EVENTS = 5_000
const WANTED = ['failed', 'unknown'] as const satisfies WebhookStatus[]
const FIRST = { offset: 0, limit: 20, after: undefined }

let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
  await insert('processed', EVENTS)
  for (const status of WANTED) await insert(status, 2)
})

afterAll(() => db.drop())

async function insert(status: WebhookStatus, count: number): Promise<void> {
  const now = new Date()
  await sql`insert into webhook_event (workspace_id, id, created_at, ns, event, status, headers, body)
    select ${WORKSPACE}::uuid, gen_random_uuid(), ${now}::timestamptz(3) - n * interval '1 millisecond', 'market',
      'order.created', ${status}, '{}', convert_to(repeat('x', 500), 'utf8')
    from generate_series(1, ${count}::int) as n`.execute(allWorkspaces(db.sql))
}

describe.each([{ statistics: false }, { statistics: true }])('statistics: $statistics', ({ statistics }) => {
  beforeAll(async () => {
    if (statistics) await sql`analyze webhook_event`.execute(allWorkspaces(db.sql))
  })

  it.each(WANTED)('those that are %s are found without reading the others', async (status) => {
    const filter = { workspaceId: WORKSPACE, status }
    expect(await listEvents(db, filter, FIRST)).toMatchObject([{ status }, { status }])
    const [explanation] = await selectEvents(db, filter, FIRST).explain('json', sql`analyze`)
    expect(rowsRead(explainedNodes(explanation))).toBeLessThan(EVENTS / 10)
  })
})
