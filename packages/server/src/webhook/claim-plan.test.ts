/**
 * How claims find the oldest events in a flood: on a day of which nobody has gathered statistics, at midnight, and where they were
 * gathered while nothing was due, as they mostly are.
 */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { explainedNodes, nodesOf, type Plan, rowsRead } from '../../test/query-plan.ts'
import { claimAmong } from './store.ts'

const WORKSPACE = '01900000-0000-7000-8000-000000000001'
const EVENTS = 5_000
const DAY_MS = 86_400_000
const INDEX_OF_WHAT_IS_DUE = /_workspace_id_int4_created_at_id_idx$/

let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
})

afterAll(() => db.drop())

type Statistics = 'none' | 'of a day without a backlog'

/** What was done for a claim of so many, in a backlog that no other session has ever seen. */
async function nodesOfClaim(among: number, statistics: Statistics): Promise<Plan[]> {
  let nodes: Plan[] = []
  const rollback = new Error('The backlog is not kept.')
  const explained = db.transaction(async (trx) => {
    const now = new Date()
    const tomorrow = new Date(Math.ceil(now.getTime() / DAY_MS) * DAY_MS)
    const insert = (from: number, dueAt: Date | null) =>
      sql`insert into webhook_event (workspace_id, id, created_at, ns, event, status, ordering_key, headers, body, due_at)
        select ${WORKSPACE}::uuid, gen_random_uuid(), ${tomorrow}::timestamptz(3) + n * interval '1 millisecond', 'market',
          'order.created', 'received', n::text, '{}', convert_to(repeat('x', 500), 'utf8'), ${dueAt}::timestamptz(3)
        from generate_series(${from}::int, ${from + EVENTS - 1}::int) as n`.execute(allWorkspaces(trx))
    if (statistics !== 'none') {
      await insert(1, null)
      await sql`analyze webhook_event`.execute(allWorkspaces(trx))
    }
    await insert(EVENTS + 1, now)
    const { rows } = await sql<{ isThere: boolean }>`select exists (select from pg_stats
      where tablename like 'webhook_event_%') as "isThere"`.execute(allWorkspaces(trx))
    expect(rows).toEqual([{ isThere: statistics !== 'none' }])
    const claiming = { workspaceId: WORKSPACE, now, until: now, holder: '1', limit: 200, among }
    const [explanation] = await claimAmong({ sql: trx }, claiming).explain('json', sql`analyze`)
    nodes = explainedNodes(explanation)
    throw rollback
  })
  await expect(explained).rejects.toBe(rollback)
  return nodes
}

describe.each<Statistics>(['none', 'of a day without a backlog'])('with statistics: %s', (statistics) => {
  it.each([12, 200, 1_000])(
    'the oldest %d are read in the order of an index, and nothing else is',
    async (among) => {
      const nodes = await nodesOfClaim(among, statistics)
      const [oldest] = nodes.filter((node) => node['Subplan Name'] === 'CTE oldest')
      const steps = nodesOf(oldest as Plan)
      expect(steps.map((node) => node['Node Type'])).not.toContain('Sort')
      const scans = steps.filter((node) => node['Index Name'] !== undefined && node['Actual Rows'] > 0)
      expect(scans).toMatchObject([{ 'Node Type': 'Index Scan', 'Actual Rows': among }])
      expect(scans[0]?.['Index Name']).toMatch(INDEX_OF_WHAT_IS_DUE)
      // Each step of the statement sees those once; what is updated comes on top.
      expect(rowsRead(nodes)).toBeLessThan(8 * among + 2_000)
    },
  )
})
