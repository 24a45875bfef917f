import type { Command } from 'commander'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
Example:
  $ miniapps admin app install github`

const MUTATION = 'mutation ($ns: String!) { installMiniApp(ns: $ns) }'

export function adminAppInstallCommand(parent: Command, shell: Shell): void {
  parent
    .command('install')
    .summary('add an app to the workspace')
    .description('Installs an app in the workspace. Installing twice changes nothing.')
    .argument('<ns>', 'ns of the app')
    .addHelpText('after', HELP)
    .action(async (ns: string, _options: ServerOptions, self: Command) => {
      const session = await openSession(shell, self.optsWithGlobals<ServerOptions>())
      const { installMiniApp: document } = await graphql<{ installMiniApp: Record<string, unknown> }>(
        session,
        MUTATION,
        { ns },
      )
      shell.finish({
        exit: 'ok',
        document,
        text: (paint) =>
          `${paint.good('Installed')} ${ns}. Connect an account with: miniapps admin app connect ${ns} --credential key=…`,
      })
    })
}
