import { type Command, Option } from 'commander'
import type { Outcome } from '../outcome.ts'
import { addPageOptions, type PageOptions } from '../page-options.ts'
import { pageOutcome } from '../render/page.ts'
import { graphql, type Page } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

/** Which events: options of the list and of replaying. */
export interface EventFilterOptions {
  ns?: string
  event?: string
  status?: string
  since?: string
  until?: string
}

interface Options extends ServerOptions, PageOptions, EventFilterOptions {
  transaction?: string
  customer?: string
  again?: boolean
  refused?: boolean
}

interface ListedEvent {
  _id: string
  createdAt: string
  ns: string
  event: string | null
  status: string
  attempts: number
  duplicates: number
  error: { code: string; message: string } | null
}

interface Rejection {
  ns: string
  code: string
  count: number
  reason: string
  headerNames: string[]
  firstAt: string
  lastAt: string
}

const HELP = `
Events are kept for 30 days. What was refused is not kept: --refused counts it by minute and reason.

Examples:
  $ miniapps events list --ns github --status failed
  $ miniapps events list --transaction 72d3162e-cc78-11e3-81ab-4c9367dc0958
  $ miniapps events list --refused --ns github`

const STATUSES = ['received', 'processing', 'processed', 'failed', 'unknown']

const EVENTS = `query ($ns: String, $event: String, $status: String, $transactionId: String, $customerId: String,
  $duplicated: Boolean, $from: Date, $until: Date, $first: Int, $after: String) {
  webhookEvents(ns: $ns, event: $event, status: $status, transactionId: $transactionId, customerId: $customerId,
    duplicated: $duplicated, from: $from, until: $until, first: $first, after: $after) {
    data { _id createdAt ns event status transactionId orderingKey attempts round duplicates duplicateAt dueAt processedAt error }
    pagination { hasNextPage endCursor }
  }
}`

const REJECTIONS = `query ($ns: String, $first: Int) {
  webhookRejections(ns: $ns, first: $first) { ns code count reason headerNames firstAt lastAt }
}`

export function eventsListCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('list')
    .summary('list what providers delivered')
    .description('Lists what providers delivered to webhooks, newest first.')
  addEventFilter(command, STATUSES)
    .option('--transaction <id>', 'only with this transaction id, by which providers name a delivery')
    .option('--customer <id>', 'only about this customer')
    .option('--again', 'only those that came more than once')
    .option('--refused', 'what was refused, and why')
  addPageOptions(command)
    .addHelpText('after', HELP)
    .action(async (_options: Options, self: Command) => {
      const options = self.optsWithGlobals<Options>()
      shell.finish(options.refused ? await listRefused(options, shell) : await listEvents(options, shell))
    })
}

export function addEventFilter(command: Command, statuses: readonly string[]): Command {
  return command
    .option('--ns <ns>', 'only of this app')
    .option('--event <name>', 'only of this name')
    .addOption(new Option('--status <status>', 'only in this state').choices(statuses))
    .option('--since <time>', 'that came at this moment or later, as ISO 8601')
    .option('--until <time>', 'that came before this moment, as ISO 8601')
}

/** As the API calls them. */
export function eventFilter({ ns, event, status, since, until }: EventFilterOptions) {
  return { ns, event, status, from: since, until }
}

async function listEvents({ limit, after, ...options }: Options, shell: Shell): Promise<Outcome> {
  const session = await openSession(shell, options)
  const variables = {
    ...eventFilter(options),
    transactionId: options.transaction,
    customerId: options.customer,
    duplicated: options.again,
    first: limit,
    after,
  }
  const { webhookEvents } = await graphql<{ webhookEvents: Page<ListedEvent> }>(session, EVENTS, variables)
  return pageOutcome(webhookEvents, {
    name: 'events',
    none: 'There are no such events.',
    titles: ['ID', 'WHEN', 'APP', 'EVENT', 'STATUS', 'AGAIN', 'ERROR'],
    row: (event) => [
      event._id,
      event.createdAt,
      event.ns,
      event.event ?? '–',
      event.status,
      String(event.duplicates),
      event.error?.message ?? '–',
    ],
  })
}

async function listRefused({ ns, limit, ...options }: Options, shell: Shell): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { webhookRejections } = await graphql<{ webhookRejections: Rejection[] }>(session, REJECTIONS, {
    ns,
    first: limit,
  })
  const page = { data: webhookRejections, pagination: { hasNextPage: false, endCursor: null } }
  return pageOutcome(page, {
    name: 'refused',
    none: 'Nothing was refused.',
    titles: ['LAST', 'APP', 'COUNT', 'WHY', 'REASON'],
    row: ({ lastAt, ns: app, count, code, reason }) => [lastAt, app, String(count), code, reason],
  })
}
