import { type PostgresServer, startPostgres } from '../packages/server/test/postgres.ts'

/** Each has 16 MB: more than a run writes between two checkpoints. */
const LOG_FILES = 48

/**
 * A PostgreSQL of the bench's own that has run for a while: it has files for its log. A new one makes and zeroes each as it
 * goes, and every commit waits some 60 ms for that, about once in 5 000 deliveries.
 */
export async function startSettledPostgres(): Promise<PostgresServer> {
  const size = `${LOG_FILES * 16}MB`
  const postgres = await startPostgres({ settings: { min_wal_size: size } })
  const fillOne = ["select pg_logical_emit_message(true, 'bench', 'filled')", 'select pg_switch_wal()']
  const filled = Array.from({ length: LOG_FILES }, () => fillOne).flat()
  await postgres.execute([...filled, 'checkpoint'])
  return postgres
}
