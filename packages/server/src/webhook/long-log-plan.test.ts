/**
 * What it costs to find what is due in a long log where most is processed, and whose indexes have grown by that: each as
 * large as the others, with statistics of everything but that.
 */
import { type RawBuilder, sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { explainedNodes, nodesOf, type Plan, rowsRead } from '../../test/query-plan.ts'
import { NIL_UUID } from '../db/uuid.ts'
import { selectEvents } from './event-log.ts'
import { claimAmong, dueWorkspaces } from './store.ts'

const EVENTS = 8_000
/** Those yet to be processed are in the middle. */
const PROCESSED = [
  { from: 1, to: 2_800 },
  { from: 5_200, to: EVENTS },
]
/** Of a turn. */
const TOGETHER = 200
const WORKSPACES = Array.from({ length: 8 }, (_, index) => `01900000-0000-7000-8000-00000000000${index}`)
const [WORKSPACE = ''] = WORKSPACES
const NOON = new Date(new Date().setUTCHours(12, 0, 0, 0))
const LATER = new Date(NOON.getTime() + 60_000)

let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
  await run(sql`insert into webhook_event
      (workspace_id, id, created_at, ns, event, status, ordering_key, headers, body, due_at)
    select (${WORKSPACES}::uuid[])[1 + n % ${WORKSPACES.length}::int], gen_random_uuid(), ${timeOf(sql`n`)},
      'market', 'order.created', 'received', n::text, '{}', convert_to(repeat('x', 500), 'utf8'), ${NOON}
    from generate_series(1, ${EVENTS}::int) as n`)
  for (const { from, to } of PROCESSED) {
    for (let first = from; first <= to; first += TOGETHER) {
      const change = (assignments: RawBuilder<unknown>) =>
        run(sql`update webhook_event set ${assignments} where created_at >= ${timeOf(sql`${first}`)}
          and created_at < ${timeOf(sql`${first + TOGETHER}`)}`)
      await change(sql`status = 'processing', due_at = ${LATER}`)
      await change(sql`status = 'processed', due_at = null`)
    }
  }
  await run(sql`vacuum (analyze) webhook_event`)
})

afterAll(() => db.drop())

function run(statement: RawBuilder<unknown>) {
  return statement.execute(allWorkspaces(db.sql))
}

function timeOf(place: RawBuilder<unknown>) {
  return sql`(${NOON}::timestamptz(3) + ${place}::int * interval '1 millisecond')`
}

it('a claim reads the events that it takes and a few pages of an index', async () => {
  const claiming = { workspaceId: WORKSPACE, now: LATER, until: LATER, holder: '1', limit: TOGETHER }
  const [explanation] = await claimAmong(db, { ...claiming, among: TOGETHER }).explain('json', sql`analyze`)
  const nodes = explainedNodes(explanation)
  const [oldest] = nodes.filter((node) => node['Subplan Name'] === 'CTE oldest')
  const inOrder = nodesOf(oldest as Plan).filter(({ 'Actual Rows': rows }) => rows > 0)
  expect(inOrder.map((node) => node['Rows Removed by Filter'] ?? 0)).toEqual(inOrder.map(() => 0))
  expect(inOrder).toContainEqual(
    expect.objectContaining({ 'Node Type': 'Index Scan', 'Actual Rows': TOGETHER }),
  )
})

it('the workspaces with something due are found by one row of each', async () => {
  const asked = { now: LATER, after: NIL_UUID, limit: 100 }
  const { rows } = await run(sql`explain (analyze, format json) ${dueWorkspaces(asked)}`)
  const nodes = explainedNodes(rows[0])
  expect(nodes[0]?.['Actual Rows']).toBe(WORKSPACES.length)
  expect(rowsRead(nodes)).toBeLessThan(20 * WORKSPACES.length)
})

it('a page of what is yet to be processed is read without the rest of the log', async () => {
  const range = { offset: 0, limit: 20, after: undefined }
  const filter = { workspaceId: WORKSPACE, status: 'received' } as const
  const [explanation] = await selectEvents(db, filter, range).explain('json', sql`analyze`)
  const nodes = explainedNodes(explanation)
  expect(nodes[0]?.['Actual Rows']).toBe(range.limit)
  expect(rowsRead(nodes)).toBeLessThan(10 * range.limit)
})
