import type { Command } from 'commander'
import type { Outcome } from '../outcome.ts'
import { addPageOptions, type PageOptions } from '../page-options.ts'
import { pageOutcome } from '../render/page.ts'
import { graphql, type Page } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

interface Options extends ServerOptions, PageOptions {
  kind?: string
  ns?: string
  by?: string
  since?: string
  until?: string
}

const HELP = `
Needs the permission showAuditLog. What concerns the platform as a whole is in the log of the default workspace.

Examples:
  $ miniapps admin audit --kind token.made
  $ miniapps admin audit --ns github --since 2026-01-01T00:00:00Z`

const QUERY = `query ($kind: String, $ns: String, $tokenId: String, $since: Date, $until: Date, $first: Int, $after: String) {
  auditLog(kind: $kind, ns: $ns, tokenId: $tokenId, since: $since, until: $until, first: $first, after: $after) {
    data { _id createdAt kind ns subjectId accountId tokenId actorName requestId address details }
    pagination { hasNextPage endCursor }
  }
}`

interface Entry {
  _id: string
  createdAt: string
  kind: string
  ns: string | null
  subjectId: string | null
  tokenId: string | null
  actorName: string | null
  address: string | null
}

export function adminAuditCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('audit')
    .summary('list who did what in the workspace')
    .description('Lists the security-relevant acts in the workspace, newest first.')
    .option('--kind <kind>', 'only acts of this kind, such as token.made')
    .option('--ns <ns>', 'only about this app')
    .option('--by <token id>', 'only acts with this app token')
    .option('--since <time>', 'from this moment on, as ISO 8601')
    .option('--until <time>', 'before this moment, as ISO 8601')
  addPageOptions(command)
    .addHelpText('after', HELP)
    .action(async (_options: Options, self: Command) => {
      shell.finish(await listActs(self.optsWithGlobals<Options>(), shell))
    })
}

async function listActs(
  { kind, ns, by, since, until, limit, after, ...options }: Options,
  shell: Shell,
): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { auditLog: found } = await graphql<{ auditLog: Page<Entry> }>(session, QUERY, {
    kind,
    ns,
    tokenId: by,
    since,
    until,
    first: limit,
    after,
  })
  return pageOutcome(found, {
    name: 'entries',
    none: 'There are no such acts.',
    titles: ['WHEN', 'ACT', 'ABOUT', 'BY', 'FROM'],
    row: (entry) => [
      entry.createdAt,
      entry.kind,
      entry.ns ?? entry.subjectId ?? '–',
      entry.actorName ?? '–',
      entry.address ?? '–',
    ],
  })
}
