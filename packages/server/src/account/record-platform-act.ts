import type { Transaction } from 'kysely'
import { type Act, recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { findDefaultWorkspace } from './store.ts'

/**
 * Writes down what concerns the platform as a whole, in the log of the default workspace, whose owner operates it. Before
 * there is a workspace nobody acts, and nothing is written.
 */
export async function recordPlatformAct(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  act: Omit<Act, 'workspaceId'>,
): Promise<void> {
  const workspace = await findDefaultWorkspace(trx)
  if (workspace) await recordAct(context, trx, { ...act, workspaceId: workspace.id })
}
