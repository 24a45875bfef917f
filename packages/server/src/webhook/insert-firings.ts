import { type Insertable, sql, type Transaction } from 'kysely'
import { columnArrays } from '../db/column-arrays.ts'
import { exempt } from '../db/exemptions.ts'
import type { Schema } from '../db/schema.ts'
import { statementOnce } from '../db/statement-once.ts'

/** Once for each round, however often it is asked for. */
export async function insertFirings(
  trx: Transaction<Schema>,
  firings: readonly Insertable<Schema['triggerFiring']>[],
): Promise<void> {
  await insertRows(trx, COLUMNS.values(firings))
}

const COLUMNS = columnArrays({
  workspaceId: 'uuid',
  createdAt: 'timestamptz',
  eventId: 'uuid',
  round: 'int',
  type: 'text',
  event: 'text',
  ns: 'text',
  firedAt: 'timestamptz',
})

const insertRows = statementOnce<keyof ReturnType<typeof COLUMNS.values>, never>(
  (places) => sql<never>`
    insert into trigger_firing (${COLUMNS.names}) select ${COLUMNS.names}
    from ${COLUMNS.from(places, 'row')}
    on conflict do nothing`,
  { name: 'webhook.insertFirings', handleOf: (db) => exempt(db, 'webhook.insertFirings') },
)
