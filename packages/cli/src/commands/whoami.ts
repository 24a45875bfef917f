import type { Command } from 'commander'
import type { ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
Example:
  $ miniapps whoami --json`

export function whoamiCommand(parent: Command, shell: Shell): void {
  parent
    .command('whoami')
    .summary('show server, workspace and permissions')
    .description('Asks the server whose token is used, for which workspace and with which permissions.')
    .addHelpText('after', HELP)
    .action(async (_options: object, self: Command) => {
      const { whoami } = await import('../server/whoami.ts')
      shell.finish(await whoami(self.optsWithGlobals<ServerOptions>(), shell))
    })
}
