import { type AliasedRawBuilder, type RawBuilder, sql } from 'kysely'
import { timeText } from './time-text.ts'

/** What stands in a row: an object as JSON. */
type Cell = string | number | boolean | object | null | undefined

interface ColumnArrays<Column extends string, Row> {
  /** All columns: what stands in an INSERT, and in the SELECT that it takes its rows from. */
  names: RawBuilder<unknown>
  /** The rows, in their order: what stands in FROM. */
  from<Name extends string>(
    places: Readonly<Record<Column, never>>,
    name: Name,
  ): AliasedRawBuilder<Required<Row>, Name>
  values(rows: readonly Row[]): Record<Column, string>
}

/**
 * Many rows as parameters of a statement whose text is the same for any number of them: an array for each column. PostgreSQL
 * reads them in 9 µs a row where the same as JSON takes it 23 (of a record, with 25 columns), and a parameter for each value more.
 *
 * @param types of PostgreSQL, by column as rows call it
 */
export function columnArrays<
  Column extends string,
  Row extends Readonly<Partial<Record<Column, Cell>>> = Readonly<Partial<Record<Column, Cell>>>,
>(types: Readonly<Record<Column, string>>): ColumnArrays<Column, Row> {
  const columns = Object.keys(types) as Column[]
  const names = sql.join(columns.map((column) => sql.id(column)))
  return {
    names,
    from<Name extends string>(places: Readonly<Record<Column, never>>, name: Name) {
      const arrays = columns.map((column) => sql`${places[column]}::${sql.raw(types[column])}[]`)
      return sql<Required<Row>>`unnest(${sql.join(arrays)})`.as<Name>(sql`${sql.id(name)} (${names})`)
    },
    values: (rows) =>
      Object.fromEntries(
        columns.map((column) => [column, `{${rows.map((row) => elementOf(row[column])).join()}}`]),
      ) as Record<Column, string>,
  }
}

/** https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO; times are read without quotes. */
function elementOf(value: Cell): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') return SPECIAL.test(value) ? escaped(value) : `"${value}"`
  if (typeof value !== 'object') return String(value)
  if (value instanceof Date) return timeText(value.getTime())
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString('hex')}"`
  return escaped(JSON.stringify(value))
}

/** What is to be escaped between quotes. */
const SPECIAL = /["\\]/
/** `JSON.stringify` escapes most of these besides, in its own way. */
const CONTROL = /\p{Cc}/u

function escaped(text: string): string {
  // Native, and so several times as fast for JSON within JSON.
  if (!CONTROL.test(text) && text.isWellFormed()) return JSON.stringify(text)
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
