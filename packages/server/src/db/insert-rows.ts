import type { CompiledQuery, Insertable } from 'kysely'
import { BoundedCache, perContext } from '../cache.ts'
import type { Database } from './client.ts'
import { prepared } from './prepared.ts'
import type { Schema } from './schema.ts'
import { parameterOf } from './time-text.ts'

/** Numbers of rows whose statement is kept: batches under a steady load differ by little. */
const REMEMBERED_LENGTHS = 64
/**
 * Statements of up to so many rows are {@link prepared}, which saves PostgreSQL a third of its time for them. Each takes
 * 5 kB a row of each connection that runs it.
 */
const PREPARED_ROWS = 32

/**
 * An INSERT for the hot path: many rows in one statement, whose text is built and compiled once for each number of rows,
 * and afterwards only given its values.
 *
 * @param table only one inserter of a process writes into it: its name is that of the statements
 * @param columns every one that is written; a row that leaves one out writes `null`, not the column's default
 * @returns inserts at least one row, at most 65 535 / `columns.length` (a limit of the protocol); does nothing without rows
 */
export function rowInserter<Table extends keyof Schema, Column extends keyof Insertable<Schema[Table]>>(
  table: Table,
  columns: readonly Column[],
): (db: Database, rows: readonly Pick<Insertable<Schema[Table]>, Column>[]) => Promise<void> {
  const compiledOf = perContext((_db: Database) => new BoundedCache<CompiledQuery>(REMEMBERED_LENGTHS))
  const emptyRow = Object.fromEntries(columns.map((column) => [column, null]))

  function compile(db: Database, length: number): CompiledQuery {
    const rows = Array.from({ length }, () => emptyRow)
    const handle = length <= PREPARED_ROWS ? prepared(db.sql, `${table}.insert.${length}`) : db.sql
    return handle
      .insertInto(table)
      .values(rows as never)
      .compile()
  }

  return async (db, rows) => {
    if (rows.length === 0) return
    const known = compiledOf(db)
    const length = String(rows.length)
    let statement = known.get(length)
    if (statement === undefined) {
      statement = compile(db, rows.length)
      known.set(length, statement)
    }
    const parameters = new Array<unknown>(rows.length * columns.length)
    let place = 0
    for (const row of rows) for (const column of columns) parameters[place++] = parameterOf(row[column])
    try {
      await db.sql.executeQuery({ ...statement, parameters })
    } finally {
      // V8 soon makes this array among objects that live long. What it still held, every row, would be copied there too, and
      // lie there until the next full collection.
      parameters.length = 0
    }
  }
}
