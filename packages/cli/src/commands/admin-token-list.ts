import type { Command } from 'commander'
import { renderTable } from '../render/table.ts'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
Example:
  $ miniapps admin token list`

/** Tokens of a workspace are few; a hundred are one page of the API. */
const QUERY = `{
  apps(first: 100) {
    data { _id name isEnabled allowAllPermission permissions createdAt lastUsedAt expireDate noExpire }
    pagination { hasNextPage }
  }
}`

interface Token {
  _id: string
  name: string
  isEnabled: boolean
  allowAllPermission: boolean
  permissions: string[]
  createdAt: string
  lastUsedAt: string | null
  expireDate: string | null
  noExpire: boolean
}

export function adminTokenListCommand(parent: Command, shell: Shell): void {
  parent
    .command('list')
    .summary('list app tokens')
    .description('Lists the app tokens of the workspace, newest first.')
    .addHelpText('after', HELP)
    .action(async (_options: ServerOptions, self: Command) => {
      const session = await openSession(shell, self.optsWithGlobals<ServerOptions>())
      const { apps } = await graphql<{ apps: { data: Token[]; pagination: { hasNextPage: boolean } } }>(
        session,
        QUERY,
      )
      shell.finish({
        exit: 'ok',
        document: { tokens: apps.data, more: apps.pagination.hasNextPage },
        text: (paint) => renderTable(TITLES, apps.data.map(rowOf), paint),
      })
    })
}

const TITLES = ['ID', 'NAME', 'LAST USED', 'EXPIRES', 'STATE', 'MAY']

function rowOf(token: Token): string[] {
  const { _id, name, lastUsedAt, expireDate, noExpire, isEnabled, allowAllPermission, permissions } = token
  return [
    _id,
    name,
    lastUsedAt ?? 'never',
    noExpire ? 'never' : (expireDate ?? '–'),
    isEnabled ? 'on' : 'off',
    [...(allowAllPermission ? ['everything'] : []), ...permissions].join(', '),
  ]
}
