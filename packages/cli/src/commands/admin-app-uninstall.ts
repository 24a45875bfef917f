import type { Command } from 'commander'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
Example:
  $ miniapps admin app uninstall github`

const MUTATION = 'mutation ($ns: String!) { uninstallMiniApp(ns: $ns) }'

export function adminAppUninstallCommand(parent: Command, shell: Shell): void {
  parent
    .command('uninstall')
    .summary('take an app out of the workspace')
    .description('Takes an app out of the workspace and deletes its credentials.')
    .argument('<ns>', 'ns of the app')
    .addHelpText('after', HELP)
    .action(async (ns: string, _options: ServerOptions, self: Command) => {
      const session = await openSession(shell, self.optsWithGlobals<ServerOptions>())
      const { uninstallMiniApp: document } = await graphql<{ uninstallMiniApp: Record<string, unknown> }>(
        session,
        MUTATION,
        { ns },
      )
      shell.finish({
        exit: 'ok',
        document,
        text: (paint) => `${paint.good('Uninstalled')} ${ns}; its credentials are deleted.`,
      })
    })
}
