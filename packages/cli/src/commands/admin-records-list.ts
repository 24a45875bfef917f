import type { Command } from 'commander'
import type { Outcome } from '../outcome.ts'
import { addPageOptions, type PageOptions } from '../page-options.ts'
import { pageOutcome } from '../render/page.ts'
import { graphql, type Page } from '../server/graphql.ts'
import { kindArgument, RECORD_KINDS, type RecordKind } from '../server/record-kind.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

interface Options extends ServerOptions, PageOptions {
  search?: string
  ns?: string
}

const HELP = `
Examples:
  $ miniapps admin records list orders --search 1042
  $ miniapps admin records list customers --ns salla --limit 100`

export function adminRecordsListCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('list')
    .summary('list customers, orders, products and the like')
    .description('Lists customers or records of the workspace.')
    .addArgument(kindArgument())
    .option('--search <text>', 'only those with words that begin so')
    .option('--ns <ns>', 'only those of this app')
  addPageOptions(command)
    .addHelpText('after', HELP)
    .action(async (kind: RecordKind, _options: Options, self: Command) => {
      shell.finish(await listRecords(kind, self.optsWithGlobals<Options>(), shell))
    })
}

async function listRecords(
  kind: RecordKind,
  { search, ns, limit, after, ...options }: Options,
  shell: Shell,
): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { list, fields, columns } = RECORD_KINDS[kind]
  const query = `query ($search: String, $ns: String, $first: Int, $after: String) {
  ${list}(searchValue: $search, ns: $ns, first: $first, after: $after) {
    data { ${fields} }
    pagination { hasNextPage endCursor }
  }
}`
  const answer = await graphql<Record<string, Page<Record<string, unknown>>>>(session, query, {
    search,
    ns,
    first: limit,
    after,
  })
  return pageOutcome(answer[list] as Page<Record<string, unknown>>, {
    name: kind,
    none: `There are no such ${kind}.`,
    titles: ['ID', ...columns.map(([title]) => title)],
    row: (record) => [String(record['_id']), ...columns.map(([, field]) => String(record[field] ?? '–'))],
  })
}
