/** What a statement has to say before it is sent; alike on both engines. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import type { Database } from './client.ts'
import { UnboundStatementError } from './error.ts'
import { exempt, withExemption } from './exemptions.ts'
import { uuidv7 } from './uuid.ts'

let database: TestDatabase
const mine = uuidv7()
const other = uuidv7()
const now = new Date()

beforeAll(async () => {
  database = await testDatabase()
  for (const id of [mine, other]) {
    await database.sql.insertInto('workspace').values({ id, subdomain: id, name: id }).execute()
  }
})

afterAll(() => database.drop())

type Sql = Database['sql']
interface Case {
  what: string
  run: (db: Sql) => { execute(): Promise<unknown> } | { execute(db: Sql): Promise<unknown> }
}

const install = { ns: 'app', id: uuidv7(), versionId: uuidv7(), state: 'installed', userInput: '{}' } as const
const window = (workspaceId: string) => ({ workspaceId, key: 'k', updatedAt: now })

const REFUSED: Case[] = [
  { what: 'a select', run: (db) => db.selectFrom('install').selectAll() },
  {
    what: 'a select by its id alone',
    run: (db) => db.selectFrom('appToken').selectAll().where('id', '=', mine),
  },
  { what: 'a count', run: (db) => db.selectFrom('member').select(({ fn }) => fn.countAll().as('count')) },
  { what: 'an update', run: (db) => db.updateTable('install').set({ uid: 'x' }).where('ns', '=', 'app') },
  { what: 'a delete', run: (db) => db.deleteFrom('loginLink').where('usedAt', 'is', null) },
  {
    what: 'a delete by another table',
    run: (db) => db.deleteFrom('install').using('workspace').where('workspace.id', '=', mine),
  },
  {
    what: 'an inequality',
    run: (db) => db.selectFrom('install').selectAll().where('workspaceId', '!=', mine),
  },
  {
    what: 'a list of workspaces',
    run: (db) => db.selectFrom('install').selectAll().where('workspaceId', 'in', [mine]),
  },
  {
    what: 'one half of an or',
    run: (db) =>
      db
        .selectFrom('install')
        .selectAll()
        .where((eb) => eb.or([eb('workspaceId', '=', mine), eb('ns', '=', 'app')])),
  },
  {
    what: 'a negation',
    run: (db) =>
      db
        .selectFrom('install')
        .selectAll()
        .where((eb) => eb.not(eb('workspaceId', '=', mine))),
  },
  {
    what: 'the workspace compared with itself',
    run: (db) => db.selectFrom('install').selectAll().whereRef('workspaceId', '=', 'install.workspaceId'),
  },
  {
    what: 'a join with a table that is not bound',
    run: (db) =>
      db
        .selectFrom('install')
        .innerJoin('installRefresh', 'installRefresh.ns', 'install.ns')
        .selectAll('installRefresh')
        .where('install.workspaceId', '=', mine),
  },
  {
    what: 'a left join whose ON binds the other side',
    run: (db) =>
      db
        .selectFrom('install')
        .leftJoin('installRefresh', (join) =>
          join
            .onRef('installRefresh.workspaceId', '=', 'install.workspaceId')
            .on('install.workspaceId', '=', mine),
        )
        .selectAll('install'),
  },
  {
    what: 'a right join, whose ON does not hold for every row',
    run: (db) =>
      db
        .selectFrom('install')
        .rightJoin('installRefresh', (join) =>
          join
            .onRef('installRefresh.workspaceId', '=', 'install.workspaceId')
            .on('installRefresh.workspaceId', '=', mine),
        )
        .selectAll('installRefresh'),
  },
  {
    what: 'a subquery',
    run: (db) =>
      db
        .selectFrom('install')
        .selectAll()
        .where('workspaceId', '=', mine)
        .where('ns', 'in', (eb) => eb.selectFrom('installRefresh').select('ns')),
  },
  {
    what: 'a subquery in FROM',
    run: (db) => db.selectFrom((eb) => eb.selectFrom('install').select('workspaceId').as('i')).selectAll(),
  },
  {
    what: 'a union',
    run: (db) =>
      db
        .selectFrom('install')
        .select('ns')
        .where('workspaceId', '=', mine)
        .unionAll(db.selectFrom('install').select('ns')),
  },
  {
    what: 'WITH',
    run: (db) =>
      db
        .with('i', (inner) => inner.selectFrom('install').select('ns'))
        .selectFrom('i')
        .selectAll(),
  },
  {
    what: 'an alias of another table',
    run: (db) =>
      db.selectFrom(['install as a', 'install as b']).selectAll('b').where('a.workspaceId', '=', mine),
  },
  {
    what: 'an insert of rows that a select finds anywhere',
    run: (db) =>
      db
        .insertInto('rateWindow')
        .columns(['workspaceId', 'key'])
        .expression((eb) => eb.selectFrom('install').select(['workspaceId', 'ns'])),
  },
  {
    what: 'an insert without a workspace',
    run: (db) => db.insertInto('install').values(install as never),
  },
  {
    what: 'an insert that changes rows of any workspace on conflict',
    run: (db) =>
      db
        .insertInto('rateWindow')
        .values(window(mine))
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ updatedAt: now })),
  },
  {
    what: 'an update that moves rows to another workspace',
    run: (db) => db.updateTable('install').set({ workspaceId: other }).where('workspaceId', '=', mine),
  },
  {
    what: 'two workspaces in one statement',
    run: (db) =>
      db
        .selectFrom('install')
        .innerJoin('installRefresh', 'installRefresh.ns', 'install.ns')
        .selectAll('install')
        .where('install.workspaceId', '=', mine)
        .where('installRefresh.workspaceId', '=', other),
  },
  {
    what: 'a workspace that is undefined',
    run: (db) =>
      db
        .selectFrom('install')
        .selectAll()
        .where('workspaceId', '=', undefined as never),
  },
  { what: 'SQL of its own', run: () => sql`select * from install` },
  { what: 'SQL in capitals and quotes', run: () => sql`SELECT * FROM "INSTALL"` },
  { what: 'SQL with the table as an identifier', run: () => sql`select * from ${sql.table('install')}` },
  { what: 'SQL with the table as an id', run: () => sql`select * from ${sql.id('install')}` },
  { what: 'SQL on a partition', run: () => sql`select * from ${sql.raw('action_run_20260102')}` },
  { what: 'SQL with the table in escapes', run: () => sql.raw('select * from U&"inst\\0061ll"') },
  { what: 'SQL with the table in two pieces', run: () => sql`select * from inst${sql.raw('all')}` },
  { what: 'SQL with the table in pieces of pieces', run: () => sql`select * from ${sql`inst`}all` },
  {
    what: 'SQL that runs a text',
    run: () => sql.raw(`do $$ begin execute 'truncate inst' || 'all'; end $$`),
  },
  {
    what: 'SQL that dumps what a text names',
    run: () => sql`select query_to_xml('select * from inst' || 'all', true, true, '')`,
  },
  { what: 'the statistics, which hold values', run: () => sql`select most_common_vals from pg_stats` },
  { what: 'SQL that empties a table', run: () => sql`truncate app_token` },
  {
    what: 'SQL inside of a query',
    run: (db) => db.selectFrom('workspace').select(sql`(select count(*) from install)`.as('count')),
  },
  {
    what: 'a table that the schema does not know',
    run: (db) => db.selectFrom('secrets' as 'install').selectAll(),
  },
  { what: 'DDL', run: (db) => db.schema.dropTable('install') },
]

const ALLOWED: Case[] = [
  { what: 'a global table', run: (db) => db.selectFrom('workspace').selectAll() },
  { what: 'a select', run: (db) => db.selectFrom('install').selectAll().where('workspaceId', '=', mine) },
  {
    what: 'an update',
    run: (db) => db.updateTable('install').set({ uid: null }).where('install.workspaceId', '=', mine),
  },
  { what: 'a delete', run: (db) => db.deleteFrom('loginLink').where('workspaceId', '=', mine) },
  {
    what: 'an insert, also of rows of two workspaces',
    run: (db) =>
      db
        .insertInto('rateWindow')
        .values([window(mine), window(other)])
        .onConflict((conflict) => conflict.columns(['workspaceId', 'key']).doUpdateSet({ updatedAt: now })),
  },
  {
    what: 'a join through the workspace',
    run: (db) =>
      db
        .selectFrom('install')
        .innerJoin('workspace', 'workspace.id', 'install.workspaceId')
        .leftJoin('installRefresh as r', (join) =>
          join.onRef('r.workspaceId', '=', 'install.workspaceId').onRef('r.ns', '=', 'install.ns'),
        )
        .select(['install.ns', 'r.failures'])
        .where('workspace.id', '=', mine),
  },
  {
    what: 'a left join of a bound table',
    run: (db) =>
      db
        .selectFrom('account')
        .leftJoin('member', (join) =>
          join.onRef('member.accountId', '=', 'account.id').on('member.workspaceId', '=', mine),
        )
        .select(['account.id', 'member.role']),
  },
  {
    what: 'a subquery that is bound to the row around it',
    run: (db) =>
      db
        .selectFrom('install')
        .select((eb) => [
          'ns',
          eb
            .selectFrom('installRefresh as r')
            .whereRef('r.workspaceId', '=', 'install.workspaceId')
            .select('failures')
            .as('failures'),
        ])
        .where('install.workspaceId', '=', mine),
  },
  {
    what: 'the condition among others, in parentheses',
    run: (db) =>
      db
        .selectFrom('install')
        .selectAll()
        .where((eb) =>
          eb.and([eb('workspaceId', '=', mine), eb.or([eb('ns', '=', 'a'), eb('ns', '=', 'b')])]),
        ),
  },
  { what: 'SQL about no table of workspaces', run: () => sql`select 1` },
]

const execute = ({ run }: Case, db: Sql): Promise<unknown> => run(db).execute(db)

describe('without its workspace a statement is refused', () => {
  test.each(REFUSED)('$what', async (refused) => {
    await expect(execute(refused, database.sql)).rejects.toThrow(UnboundStatementError)
    // Remembered by its text, and refused all the same.
    await expect(execute(refused, database.sql)).rejects.toThrow(UnboundStatementError)
  })

  test('also inside a transaction, and in a stream', async () => {
    const select = (db: Sql) => db.selectFrom('install').selectAll()
    await expect(database.transaction((trx) => select(trx).execute())).rejects.toThrow(UnboundStatementError)
    const rows = select(database.sql).stream(10)
    await expect(rows[Symbol.asyncIterator]().next()).rejects.toThrow(UnboundStatementError)
  })

  test('and so it is where plugins are taken off', async () => {
    const bare = database.sql.withoutPlugins() as unknown as {
      selectFrom: (table: string) => { selectAll(): { execute(): Promise<unknown> } }
    }
    await expect(bare.selectFrom('app_token').selectAll().execute()).rejects.toThrow(UnboundStatementError)
  })

  test('the error says which table, and what would be right', async () => {
    await expect(database.sql.selectFrom('appToken').select('id').execute()).rejects.toThrow(
      'A statement does not say whose rows of app_token it means. Compare workspaceId with the caller\'s for equality, or, where it is meant for all workspaces, list it in db/exemptions.ts. The statement: select "id" from "app_token"',
    )
  })
})

describe('with its workspace a statement is sent', () => {
  test.each(ALLOWED)('$what', async (allowed) => {
    await expect(execute(allowed, database.sql)).resolves.toBeDefined()
  })
})

describe('an exemption', () => {
  test('lets through its own tables alone', async () => {
    const one = withExemption(database.sql, { tables: ['install'], reason: 'This test.' })
    await expect(one.selectFrom('install').selectAll().execute()).resolves.toEqual([])
    await expect(one.selectFrom('appToken').selectAll().execute()).rejects.toThrow(UnboundStatementError)
  })

  test('ends with its handle, though the text of the statement is known by then', async () => {
    const select = (db: Sql) =>
      db
        .selectFrom('install')
        .select(({ fn }) => fn.countAll().as('installs'))
        .execute()
    await expect(select(exempt(database.sql, 'install.countInstalls'))).resolves.toBeDefined()
    await expect(select(database.sql)).rejects.toThrow(UnboundStatementError)
  })
})
