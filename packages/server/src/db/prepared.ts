import type { CompiledQuery, Kysely, QueryId } from 'kysely'
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

/** As the driver is to get it: kysely hands the text on to `pg` as it is, which also takes a text with a name. */
export function withName(query: CompiledQuery): CompiledQuery {
  const name = names.get(query.queryId)
  if (name === undefined) return query
  return { ...query, sql: { name, text: query.sql } as unknown as string }
}
