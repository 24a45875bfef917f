import type { Command } from 'commander'
import type { Outcome } from '../outcome.ts'
import { renderTable } from '../render/table.ts'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

type Options = ServerOptions & { installed?: boolean; search?: string }

const HELP = `
Example:
  $ miniapps admin app list --installed`

const QUERY = `query ($installStatus: String, $search: String) {
  listMiniAppsGeneralInfo(installStatus: $installStatus, search: $search) {
    ns title version status installStatus auth { isAuthenticated accountName state errorCode }
  }
}`

interface App {
  ns: string
  title: string
  version: string
  status: string
  installStatus: string
  auth: {
    isAuthenticated: boolean | null
    accountName: string | null
    state: string | null
    errorCode: string | null
  } | null
}

export function adminAppListCommand(parent: Command, shell: Shell): void {
  parent
    .command('list')
    .summary('list the apps of the server')
    .description('Lists the apps that the workspace can see, and how they are connected.')
    .option('--installed', 'only those that the workspace has installed')
    .option('--search <words>', 'only those with these words in title, label, name or description')
    .addHelpText('after', HELP)
    .action(async (_options: Options, self: Command) => {
      shell.finish(await listApps(self.optsWithGlobals<Options>(), shell))
    })
}

async function listApps(options: Options, shell: Shell): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { listMiniAppsGeneralInfo: apps } = await graphql<{ listMiniAppsGeneralInfo: App[] }>(
    session,
    QUERY,
    {
      installStatus: options.installed ? 'installed' : null,
      search: options.search ?? null,
    },
  )
  return {
    exit: 'ok',
    document: { apps },
    text: (paint) => {
      if (apps.length === 0) return 'There are no such apps.'
      const rows = apps.map((app) => [app.ns, app.version, app.title, app.status, connectionOf(app)])
      return renderTable(['NS', 'VERSION', 'TITLE', 'STATUS', 'CONNECTION'], rows, paint)
    },
  }
}

function connectionOf({ installStatus, auth }: App): string {
  if (installStatus !== 'installed') return 'not installed'
  const { isAuthenticated, accountName, errorCode } = auth ?? {}
  if (errorCode) return `error: ${errorCode}`
  if (!isAuthenticated) return 'installed, not connected'
  return accountName ? `connected as ${accountName}` : 'connected'
}
