/** A handle for tests that look into the rows of every workspace, or change them behind the platform's back. */
import type { Kysely } from 'kysely'
import { withExemption } from '../src/db/exemptions.ts'
import type { Schema } from '../src/db/schema.ts'

export function allWorkspaces<Executor extends Kysely<Schema>>(executor: Executor): Executor {
  return withExemption(executor, { tables: 'all', reason: 'A test.' })
}
