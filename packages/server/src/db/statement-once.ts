import type { CompiledQuery, Kysely, QueryExecutorProvider, QueryResult, Transaction } from 'kysely'
import type { Database } from './client.ts'
import { prepared } from './prepared.ts'
import type { Schema } from './schema.ts'
import { parameterOf } from './time-text.ts'

type Executor = Database['sql'] | Transaction<Schema>

/** A query of the builder, or a `sql` fragment. */
interface Compilable<Row> {
  compile(executor: QueryExecutorProvider): CompiledQuery<Row>
}

interface Options {
  /** Of a statement that is also parsed and planned once by each connection: {@link prepared} says what it must be like. */
  name?: string
  /** The handle with the exemption of the statement, where it has one. */
  handleOf?: (db: Kysely<Schema>) => Kysely<Schema>
}

/**
 * A statement that runs all the time with one text: built and compiled once in this process. Runs on the outer handle and in
 * transactions.
 *
 * @param build gets what stands for the values, by their names, to be written where those would be
 */
export function statementOnce<Parameter extends string, Row>(
  build: (places: Record<Parameter, never>, db: Kysely<Schema>) => Compilable<Row>,
  { name, handleOf = (db) => db }: Options = {},
): (executor: Executor, values: Record<Parameter, unknown>) => Promise<QueryResult<Row>> {
  let compiled: CompiledQuery<Row> | undefined
  const compileOn = (executor: Executor) => {
    const handle = handleOf(executor)
    const db = name === undefined ? handle : prepared(handle, name)
    return build(places, db).compile(db)
  }
  return async (executor, values) => {
    compiled ??= compileOn(executor)
    const parameters = compiled.parameters.map((given) =>
      given instanceof Place ? parameterOf(values[given.parameter as Parameter]) : given,
    )
    return executor.executeQuery<Row>({ ...compiled, parameters })
  }
}

/** Whatever name is asked for: they are those of the type. */
const places = new Proxy({} as Record<string, never>, { get: (_, parameter) => new Place(String(parameter)) })

/** Where a value goes. */
class Place {
  readonly parameter: string

  constructor(parameter: string) {
    this.parameter = parameter
  }
}
