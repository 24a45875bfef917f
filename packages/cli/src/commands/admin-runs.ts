import { type Command, Option } from 'commander'
import type { Outcome } from '../outcome.ts'
import { addPageOptions, type PageOptions } from '../page-options.ts'
import { pageOutcome } from '../render/page.ts'
import { graphql, type Page } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

interface Options extends ServerOptions, PageOptions {
  ns?: string
  action?: string
  status?: string
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
  const command = parent
    .command('runs')
    .summary('list executions of actions')
    .description('Lists executions of actions, newest first. They are kept for 30 days.')
    .option('--ns <ns>', 'only of this app')
    .option('--action <name>', 'only of this action')
    .addOption(new Option('--status <status>', 'only with this end').choices(['succeeded', 'failed']))
  addPageOptions(command)
    .addHelpText('after', HELP)
    .action(async (_options: Options, self: Command) => {
      shell.finish(await listRuns(self.optsWithGlobals<Options>(), shell))
    })
}

async function listRuns(
  { ns, action, status, limit, after, ...options }: Options,
  shell: Shell,
): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { miniAppActionRuns: found } = await graphql<{ miniAppActionRuns: Page<Run> }>(session, QUERY, {
    ns: ns ?? null,
    action: action ?? null,
    status: status ?? null,
    first: limit,
    after: after ?? null,
  })
  return pageOutcome(found, {
    name: 'runs',
    none: 'There are no such runs.',
    titles: ['ID', 'WHEN', 'ACTION', 'END', 'TIME', 'BY'],
    row: (run) => [
      run._id,
      run.createdAt,
      `${run.ns} ${run.action}`,
      run.errorCode ?? run.status,
      `${run.durationMs} ms`,
      run.actorKind ?? '–',
    ],
  })
}
