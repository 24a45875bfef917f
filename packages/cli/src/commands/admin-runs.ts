import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Outcome } from '../outcome.ts'
import { renderTable } from '../render/table.ts'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

interface Options extends ServerOptions {
  ns?: string
  action?: string
  status?: string
  limit: number
  after?: string
}

const HELP = `
Examples:
  $ miniapps admin runs --ns github --status failed
  $ miniapps admin run 0198c0de-…`

const QUERY = `query ($ns: String, $action: String, $status: String, $first: Int, $after: String) {
  miniAppActionRuns(ns: $ns, action: $action, status: $status, first: $first, after: $after) {
    data { _id createdAt ns version action actorKind status errorCode durationMs requestId }
    pagination { hasNextPage endCursor }
  }
}`

/** As many as the server gives in one page. */
export const MAX_LIMIT = 100

interface Run {
  _id: string
  createdAt: string
  ns: string
  version: string
  action: string
  actorKind: string | null
  status: string
  errorCode: string | null
  durationMs: number
  requestId: string | null
}

export function adminRunsCommand(parent: Command, shell: Shell): void {
  parent
    .command('runs')
    .summary('list executions of actions')
    .description('Lists executions of actions, newest first. They are kept for 30 days.')
    .option('--ns <ns>', 'only of this app')
    .option('--action <name>', 'only of this action')
    .addOption(new Option('--status <status>', 'only with this end').choices(['succeeded', 'failed']))
    .addOption(
      new Option('--limit <count>', `how many, at most ${MAX_LIMIT}`).default(20).argParser(readLimit),
    )
    .option('--after <cursor>', 'go on behind an earlier list')
    .addHelpText('after', HELP)
    .action(async (_options: Options, self: Command) => {
      shell.finish(await listRuns(self.optsWithGlobals<Options>(), shell))
    })
}

export function readLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_LIMIT}.`)
}

async function listRuns(
  { ns, action, status, limit, after, ...options }: Options,
  shell: Shell,
): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { miniAppActionRuns: found } = await graphql<{
    miniAppActionRuns: { data: Run[]; pagination: { hasNextPage: boolean; endCursor: string | null } }
  }>(session, QUERY, {
    ns: ns ?? null,
    action: action ?? null,
    status: status ?? null,
    first: limit,
    after: after ?? null,
  })
  const { hasNextPage, endCursor } = found.pagination
  return {
    exit: 'ok',
    document: { runs: found.data, next: hasNextPage ? endCursor : null },
    text: (paint) => {
      if (found.data.length === 0) return 'There are no such runs.'
      const rows = found.data.map((run) => [
        run._id,
        run.createdAt,
        `${run.ns} ${run.action}`,
        run.errorCode ?? run.status,
        `${run.durationMs} ms`,
        run.actorKind ?? '–',
      ])
      const table = renderTable(['ID', 'WHEN', 'ACTION', 'END', 'TIME', 'BY'], rows, paint)
      return hasNextPage ? `${table}\n\nThere are more: --after ${endCursor}` : table
    },
  }
}
