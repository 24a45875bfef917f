import type { CompiledQuery, Kysely, QueryExecutorProvider, QueryResult, Transaction } from 'kysely'
import type { Database } from './client.ts'
import { prepared } from './prepared.ts'
import type { Schema } from './schema.ts'

type Executor = Database['sql'] | Transaction<Schema>

/** A query of the builder, or a `sql` fragment. */
interface Compilable<Row> {
  compile(executor: QueryExecutorProvider): CompiledQuery<Row>
}

/**
 * A statement that runs all the time with one text: built and compiled once in this process, parsed and planned once by each
 * connection ({@link prepared}, which says what such a statement must be like). Runs on the outer handle and in transactions.
 *
 * @param name no two texts share one; at most 63 bytes
 * @param build `place` stands for a value by its name, and is written where the value would be
 * @param handleOf the handle with the exemption of the statement, where it has one
 */
export function statementOnce<Parameter extends string, Row>(
  name: string,
  build: (place: (parameter: Parameter) => never, db: Kysely<Schema>) => Compilable<Row>,
  handleOf: (db: Kysely<Schema>) => Kysely<Schema> = (db) => db,
): (executor: Executor, values: Record<Parameter, unknown>) => Promise<QueryResult<Row>> {
  let compiled: CompiledQuery<Row> | undefined
  const compileOn = (executor: Executor) => {
    const db = prepared(handleOf(executor), name)
    return build((parameter) => new Place(parameter) as never, db).compile(db)
  }
  return (executor, values) => {
    compiled ??= compileOn(executor)
    const parameters = compiled.parameters.map((given) =>
      given instanceof Place ? parameterOf(values[given.parameter as Parameter]) : given,
    )
    return executor.executeQuery<Row>({ ...compiled, parameters })
  }
}

/** The driver writes a date in local time, which takes several times as long. */
function parameterOf(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value
}

/** Where a value goes. */
class Place {
  readonly parameter: string

  constructor(parameter: string) {
    this.parameter = parameter
  }
}
