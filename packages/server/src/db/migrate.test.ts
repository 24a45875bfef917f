import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { DatabaseRefusedError } from './error.ts'
import { MIGRATIONS, type Migration, migrate } from './migrate.ts'

let database: TestDatabase

beforeEach(async () => {
  database = await testDatabase()
})

afterEach(() => database.drop())

const later: Migration = {
  name: '0003-later',
  async up(trx) {
    await sql`create table later (workspace_id uuid primary key)`.execute(trx)
    // Long enough for the others to arrive while it runs.
    await sql`select pg_sleep(0.05)`.execute(trx)
  },
}

const applied = async () =>
  (await database.sql.selectFrom('migration').select('name').orderBy('name').execute()).map(
    ({ name }) => name,
  )

test('migrations are named for their place in the list', () => {
  const numbers = MIGRATIONS.map(({ name }) => name.slice(0, 5))
  for (const number of numbers) expect(number).toMatch(/^\d{4}-$/)
  expect(numbers).toEqual([...new Set(numbers)].sort())
})

test('a current schema is left as it is', async () => {
  expect(await migrate(database)).toEqual([])
  expect(await applied()).toEqual(MIGRATIONS.map(({ name }) => name))
})

test('processes that start together apply each migration once', async () => {
  const results = await Promise.all(
    Array.from({ length: 4 }, () => migrate(database, [...MIGRATIONS, later])),
  )
  expect(results.flat()).toEqual([later.name])
  expect(await applied()).toContain(later.name)
})

test('a migration that fails leaves nothing of itself', async () => {
  const failing: Migration = {
    name: '0003-failing',
    async up(trx) {
      await sql`create table half (workspace_id uuid primary key)`.execute(trx)
      await sql`select 1 / 0`.execute(trx)
    },
  }
  await expect(migrate(database, [...MIGRATIONS, failing])).rejects.toThrow('division by zero')
  const { rows } = await sql`select to_regclass('half') as half`.execute(database.sql)
  expect(rows).toEqual([{ half: null }])
  expect(await applied()).not.toContain(failing.name)
})

test('the schema of a newer release is refused', async () => {
  await migrate(database, [...MIGRATIONS, later])
  const attempt = migrate(database)
  await expect(attempt).rejects.toThrow(DatabaseRefusedError)
  await expect(attempt).rejects.toThrow('schema of a newer release (0003-later)')
})

test('large text is compressed with lz4 where the engine has it, in new partitions too', async () => {
  const { rows } = await sql<{ table: string; compression: string }>`
    select relname as "table", attcompression as compression
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where attname in (${'definition'}, ${'record'}) and relkind in ('r', 'p') order by relname
  `.execute(database.sql)
  expect(rows.length).toBeGreaterThan(3)
  const expected = database.engine === 'postgres' ? 'l' : ''
  expect(rows.filter(({ compression }) => compression !== expected)).toEqual([])
})

test('bodies of deliveries are stored as they came where only pglz could compress them', async () => {
  const { rows } = await sql<{ storage: string }>`
    select distinct attstorage as storage from pg_attribute join pg_class on pg_class.oid = attrelid
    where attname = ${'body'} and relname like ${'webhook_event%'} and relkind in ('r', 'p')
  `.execute(database.sql)
  expect(rows).toEqual([{ storage: database.engine === 'postgres' ? 'x' : 'e' }])
})

test('tags that were texts of customers become tags of their workspaces', async () => {
  const all = allWorkspaces(database.sql)
  for (const statement of [
    'drop table tagged',
    'drop table tag_name',
    'drop table tag',
    "alter table customer add column tags text[] not null default '{}'",
    "delete from migration where name = '0017-tags'",
  ]) {
    await sql.raw(statement).execute(all)
  }
  const [one, two] = [randomUUID(), randomUUID()]
  const customers = [
    { workspace: one, tags: ['VIP', 'new', 'VIP'] },
    { workspace: one, tags: ['VIP'] },
    { workspace: one, tags: [] },
    { workspace: two, tags: ['VIP', 'x'.repeat(256), 'x'.repeat(257)] },
  ]
  for (const id of [one, two]) {
    await sql`insert into workspace (id, subdomain, name) values (${id}, ${id}, 'x')`.execute(all)
  }
  for (const { workspace, tags } of customers) {
    await sql`insert into customer (workspace_id, id, state, tags, source, search, created_at, updated_at)
      values (${workspace}, ${randomUUID()}, 'customer', ${tags}, '{}', '', now(), now())`.execute(all)
  }
  expect(await migrate(database)).toEqual(['0017-tags'])
  const { rows } = await sql<{
    name: string
    carried: string
    folded: string
    order: string
    workspace: string
  }>`
    select tag.name, folded, "order", tag.workspace_id as workspace, count(target_id) as carried
    from tag
      join tag_name on tag_name.tag_id = tag.id and tag_name.name = tag.name and tag_name.type = tag.type
      join tagged on tagged.tag_id = tag.id and tagged.workspace_id = tag.workspace_id and tagged.type = tag.type
    where tag.type = 'core:customer' group by tag.workspace_id, tag.id
  `.execute(all)
  const tag = (workspace: string, name: string, carried: string) => {
    const folded = name.toLowerCase()
    return { workspace, name, folded, order: `${folded}/`, carried }
  }
  expect(rows).toHaveLength(4)
  expect(rows).toEqual(
    expect.arrayContaining([
      tag(one, 'VIP', '2'),
      tag(one, 'new', '1'),
      tag(two, 'VIP', '1'),
      tag(two, 'x'.repeat(255), '1'),
    ]),
  )
})
