import type { Command } from 'commander'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
Example:
  $ miniapps admin app disconnect github`

const MUTATION = 'mutation ($ns: String!) { disconnectMiniApp(ns: $ns) }'

export function adminAppDisconnectCommand(parent: Command, shell: Shell): void {
  parent
    .command('disconnect')
    .summary('forget the connected account')
    .description('Forgets the connected account and deletes its credentials; the app stays installed.')
    .argument('<ns>', 'ns of the app')
    .addHelpText('after', HELP)
    .action(async (ns: string, _options: ServerOptions, self: Command) => {
      const session = await openSession(shell, self.optsWithGlobals<ServerOptions>())
      const { disconnectMiniApp: document } = await graphql<{ disconnectMiniApp: Record<string, unknown> }>(
        session,
        MUTATION,
        { ns },
      )
      shell.finish({
        exit: 'ok',
        document,
        text: (paint) => `${paint.good('Disconnected')} ${ns}; its credentials are deleted.`,
      })
    })
}
