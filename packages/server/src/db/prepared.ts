import { type CompiledQuery, type Kysely, type QueryId, type RawBuilder, sql } from 'kysely'
import type { Database } from './client.ts'
import type { Schema } from './schema.ts'

const names = new WeakMap<QueryId, string>()

/**
 * A handle whose statement is parsed and planned once for each connection, and known there by its name. For one that runs
 * all the time with one text, and whose plan is the same whatever its parameters hold: PostgreSQL soon plans without
 * looking at them.
 *
 * @param name no two texts share one; at most 63 bytes
 */
export function prepared<Executor extends Kysely<Schema>>(executor: Executor, name: string): Executor {
  return executor.withPlugin({
    transformQuery({ node, queryId }) {
      names.set(queryId, name)
      return node
    },
    transformResult: ({ result }) => Promise.resolve(result),
  }) as Executor
}

/**
 * The same of a statement that is also built once, for those that run thousands of times a second.
 *
 * @param name of the statement, as in {@link prepared}
 * @param executorOf the handle that it runs on, with its exemption where it has one
 * @param build the statement; `parameter` stands for a value by its name
 */
export function preparedOnce<Parameter extends string, Row>(
  name: string,
  executorOf: (db: Database) => Kysely<Schema>,
  build: (parameter: (name: Parameter) => RawBuilder<unknown>) => RawBuilder<Row>,
): (db: Database, values: Record<Parameter, unknown>) => Promise<Row[]> {
  const built = new WeakMap<Database, { executor: Kysely<Schema>; query: CompiledQuery<Row> }>()
  const buildFor = (db: Database) => {
    const executor = prepared(executorOf(db), name)
    const query = build((parameter) => sql`${new Place(parameter)}`).compile(executor)
    built.set(db, { executor, query })
    return { executor, query }
  }
  return async (db, values) => {
    const { executor, query } = built.get(db) ?? buildFor(db)
    const parameters = query.parameters.map((place) =>
      place instanceof Place ? values[place.parameter as Parameter] : place,
    )
    const { rows } = await executor.executeQuery<Row>({ ...query, parameters })
    return rows
  }
}

/** Where a value goes. */
class Place {
  readonly parameter: string

  constructor(parameter: string) {
    this.parameter = parameter
  }
}

/** As the driver is to get it: kysely hands the text on to `pg` as it is, which also takes a text with a name. */
export function withName(query: CompiledQuery): CompiledQuery {
  const name = names.get(query.queryId)
  if (name === undefined) return query
  return { ...query, sql: { name, text: query.sql } as unknown as string }
}
