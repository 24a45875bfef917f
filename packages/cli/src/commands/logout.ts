import type { Command } from 'commander'
import type { ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
The token itself works on until it is removed: miniapps admin token list, then miniapps admin token remove ID.

Example:
  $ miniapps logout --server http://localhost:4000`

export function logoutCommand(parent: Command, shell: Shell): void {
  parent
    .command('logout')
    .summary('forget the token of a server')
    .description('Forgets the stored token of the current server, or of the one that --server names.')
    .addHelpText('after', HELP)
    .action(async (_options: object, self: Command) => {
      const { logout } = await import('../server/login.ts')
      shell.finish(await logout(self.optsWithGlobals<ServerOptions>().server, shell))
    })
}
