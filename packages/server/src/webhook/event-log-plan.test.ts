/** What a filter costs in a long log where next to nothing fits it: with statistics, and on a day that has none yet. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { explainedNodes, rowsRead } from '../../test/query-plan.ts'
import type { WebhookStatus } from '../db/webhook-schema.ts'
import { type EventFilter, listEvents, selectEvents } from './event-log.ts'

const WORKSPACE = '01900000-0000-7000-8000-000000000001'
const EVENTS = 5_000
const CUSTOMER = '01900000-0000-7000-8000-000000000002'
const TRANSACTION = 'the one that is asked for'
const WANTED = ['failed', 'unknown'] as const satisfies WebhookStatus[]
const FIRST = { offset: 0, limit: 20, after: undefined }

let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
  await insert({ status: 'processed', count: EVENTS })
  for (const status of WANTED) await insert({ status, count: 2 })
  await insert({ status: 'processed', count: 2, customerId: CUSTOMER })
  await insert({ status: 'processed', count: 1, transactionId: TRANSACTION })
  await insert({ status: 'received', count: 1, transactionId: TRANSACTION })
})

afterAll(() => db.drop())

interface Rows {
  status: WebhookStatus
  count: number
  /** Default: each about somebody else. */
  customerId?: string
  /** Default: each another. */
  transactionId?: string
}

async function insert({ status, count, customerId, transactionId }: Rows): Promise<void> {
  const now = new Date()
  const dueAt = status === 'received' ? now : null
  await sql`insert into webhook_event
      (workspace_id, id, created_at, ns, event, status, headers, body, due_at, customer_id, transaction_id)
    select ${WORKSPACE}::uuid, gen_random_uuid(), ${now}::timestamptz(3) - n * interval '1 millisecond', 'market',
      'order.created', ${status}, '{}', convert_to(repeat('x', 500), 'utf8'), ${dueAt}::timestamptz(3),
      coalesce(${customerId ?? null}::uuid, gen_random_uuid()), coalesce(${transactionId ?? null}, 'delivery ' || n)
    from generate_series(1, ${count}::int) as n`.execute(allWorkspaces(db.sql))
}

describe.each([{ statistics: false }, { statistics: true }])('statistics: $statistics', ({ statistics }) => {
  beforeAll(async () => {
    if (statistics) await sql`analyze webhook_event`.execute(allWorkspaces(db.sql))
  })

  it.each(WANTED)('those that are %s are found without reading the others', async (status) => {
    const filter = { workspaceId: WORKSPACE, status }
    expect(await listEvents(db, filter, FIRST)).toMatchObject([{ status }, { status }])
    expect(await readFor(filter)).toBeLessThan(EVENTS / 10)
  })

  it.each<[string, Partial<EventFilter>]>([
    ['about one customer', { customerId: CUSTOMER }],
    ['with one transaction id, settled or waiting,', { transactionId: TRANSACTION }],
  ])('those %s are found without reading the others', async (_what, fits) => {
    const filter = { workspaceId: WORKSPACE, ...fits }
    expect(await listEvents(db, filter, FIRST)).toMatchObject([fits, fits])
    expect(await readFor(filter)).toBeLessThan(EVENTS / 10)
  })
})

async function readFor(filter: EventFilter): Promise<number> {
  const [explanation] = await selectEvents(db, filter, FIRST).explain('json', sql`analyze`)
  return rowsRead(explainedNodes(explanation))
}
