import type { Command } from 'commander'
import { renderTable } from '../render/table.ts'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

type Options = ServerOptions & { after?: string }

const HELP = `
Needs the permission operate.

Example:
  $ miniapps admin workspace list`

const QUERY = `query ($after: String) {
  workspaces(first: 100, after: $after) {
    data { _id name subdomain apiUrl createdAt }
    pagination { hasNextPage endCursor }
  }
}`

interface Workspace {
  _id: string
  name: string
  subdomain: string
  apiUrl: string
  createdAt: string
}

export function adminWorkspaceListCommand(parent: Command, shell: Shell): void {
  parent
    .command('list')
    .summary('list the workspaces of the server')
    .description('Lists the workspaces of the server, newest first.')
    .option('--after <cursor>', 'go on behind an earlier list')
    .addHelpText('after', HELP)
    .action(async (_options: Options, self: Command) => {
      const options = self.optsWithGlobals<Options>()
      const session = await openSession(shell, options)
      const { workspaces } = await graphql<{
        workspaces: { data: Workspace[]; pagination: { hasNextPage: boolean; endCursor: string | null } }
      }>(session, QUERY, { after: options.after ?? null })
      const { hasNextPage, endCursor } = workspaces.pagination
      shell.finish({
        exit: 'ok',
        document: { workspaces: workspaces.data, next: hasNextPage ? endCursor : null },
        text: (paint) => {
          const rows = workspaces.data.map((one) => [
            one._id,
            one.subdomain,
            one.name,
            one.apiUrl,
            one.createdAt,
          ])
          const table = renderTable(['ID', 'SUBDOMAIN', 'NAME', 'ADDRESS', 'MADE'], rows, paint)
          return hasNextPage ? `${table}\n\nThere are more: --after ${endCursor}` : table
        },
      })
    })
}
