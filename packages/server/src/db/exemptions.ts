/**
 * The statements that are meant for more than one workspace, or whose SQL the guard of `workspace-guard.ts` cannot read.
 * This list is whole: everything else that touches a table of workspaces without naming one is refused.
 */
import type { Kysely, QueryId } from 'kysely'
import type { Schema, TableOfWorkspaces } from './schema.ts'

export interface Exemption {
  /** The tables that may go unbound; every other one stays guarded. */
  tables: readonly TableOfWorkspaces[] | 'all'
  reason: string
}

/** By `folder.function`; a test compares it with the sources. */
export const EXEMPTIONS = {
  'db.migrate': { tables: 'all', reason: 'Changes the tables themselves.' },
  'db.ensurePartitions': {
    tables: ['action_run', 'webhook_event', 'trigger_firing', 'delivery'],
    reason: 'Makes and drops the partitions of all workspaces, by day.',
  },
  'db.addPartitions': {
    tables: ['action_run', 'webhook_event', 'trigger_firing', 'delivery'],
    reason: 'Makes the partition of a day that nobody prepared, for all workspaces.',
  },
  'secret.countByMasterKey': {
    tables: ['workspace_key'],
    reason:
      'How many data keys each master key wraps is asked at start, and while one takes the place of another.',
  },
  'secret.listWrappedKeys': {
    tables: ['workspace_key'],
    reason: 'A check that every data key opens goes through all workspaces.',
  },
  'secret.lockKeysOfOthers': {
    tables: ['workspace_key'],
    reason: 'A new master key wraps the data keys of all workspaces.',
  },
  'jobs.listHeld': {
    tables: ['webhook_event', 'delivery'],
    reason: 'Background work: which processes are at events and attempts, in which workspaces.',
  },
  'limit.takeSlots': {
    tables: ['rate_window'],
    reason:
      'One statement in SQL of its own; the primary key that it inserts or updates begins with the workspace.',
  },
  'limit.keepBudget': {
    tables: ['provider_budget', 'install'],
    reason: 'One statement in SQL of its own, which finds the install by its workspace.',
  },
  'limit.removeIdle': { tables: ['rate_window'], reason: 'Removes windows that nobody has used for long.' },
  'audit.deleteEntriesBefore': {
    tables: ['audit'],
    reason: 'Removes the entries of all workspaces whose retention has ended.',
  },
  'account.findMembers': {
    tables: ['member'],
    reason: 'Operators list all workspaces with the members of each; the ids are a list.',
  },
  'install.countInstalls': {
    tables: ['install'],
    reason: 'The marketplace shows in how many workspaces an app is installed: the number alone.',
  },
  'install.listUnfinishedRegistrations': {
    tables: ['install'],
    reason: 'Background work: registrations that a process left unfinished.',
  },
  'install.listInstallsBehind': {
    tables: ['install'],
    reason: 'A new version of an app is rolled out to all workspaces.',
  },
  'install.listRunningRefreshes': {
    tables: ['install_refresh'],
    reason: 'Background work: exchanges that an ended process left under way.',
  },
  'install.listDueRefreshes': {
    tables: ['install', 'install_refresh'],
    reason: 'Background work: tokens that are about to expire.',
  },
  'oauth.deleteExpiredBefore': {
    tables: ['oauth_state', 'oauth_ticket'],
    reason: 'Removes what has expired.',
  },
  'webhook.insertEvents': {
    tables: ['webhook_event', 'webhook_transaction'],
    reason:
      'One statement in SQL of its own for deliveries of all workspaces; every row that it writes carries its own.',
  },
  'webhook.listDueWorkspaces': {
    tables: ['webhook_event'],
    reason: 'Background work: workspaces with events that are to be processed.',
  },
  'webhook.countRejections': {
    tables: ['webhook_rejection'],
    reason:
      'One statement for rejections of all workspaces; the primary key that it inserts or updates begins with each.',
  },
  'webhook.insertFirings': {
    tables: ['trigger_firing'],
    reason: 'One statement in SQL of its own, whose rows are a text: each carries its workspace.',
  },
  'record.saveRecords': {
    tables: ['record'],
    reason:
      'One statement in SQL of its own, whose rows are a text: all of the workspace that it is given, with which the unique key begins.',
  },
  'outbox.insertOutboxEvents': {
    tables: ['outbox'],
    reason: 'One statement in SQL of its own, whose rows are a text: each carries its workspace.',
  },
  'outbox.listPendingWorkspaces': {
    tables: ['outbox'],
    reason: 'Background work: workspaces with events that have no deliveries yet.',
  },
  'notify.listDueSubscriptions': {
    tables: ['subscription'],
    reason: 'Background work: servers of workspaces that are to be told of something.',
  },
} as const satisfies Record<string, Exemption>

const granted = new WeakMap<QueryId, Exemption>()

/**
 * A handle whose statements may touch the tables of the exemption without naming a workspace.
 * @param name of the function that uses it, as in {@link EXEMPTIONS}
 */
export function exempt<Executor extends Kysely<Schema>>(
  executor: Executor,
  name: keyof typeof EXEMPTIONS,
): Executor {
  return withExemption(executor, EXEMPTIONS[name])
}

/** Of the platform only {@link exempt} calls this; tests look into all tables with it. */
export function withExemption<Executor extends Kysely<Schema>>(
  executor: Executor,
  exemption: Exemption,
): Executor {
  return executor.withPlugin({
    transformQuery({ node, queryId }) {
      granted.set(queryId, exemption)
      return node
    },
    transformResult: ({ result }) => Promise.resolve(result),
  }) as Executor
}

export function exemptionOf(queryId: QueryId): Exemption | undefined {
  return granted.get(queryId)
}
