import type { Command } from 'commander'
import type { Shell } from '../shell.ts'

const HELP = `
The server prints the link when it starts and nobody has signed in yet; it works once, for 24 hours. The token is kept
in $XDG_CONFIG_HOME/miniapps/config.json (by default under ~/.config), readable by you alone, one for each server.

Example:
  $ miniapps login http://localhost:4000/login/default.4hX…`

export function loginCommand(parent: Command, shell: Shell): void {
  parent
    .command('login')
    .summary('sign in to a server with its one-time link')
    .description('Trades a one-time link for a token and keeps it. Later commands mean this server.')
    .argument('<url>', 'the link that the server printed')
    .addHelpText('after', HELP)
    .action(async (url: string) => {
      const { login } = await import('../server/login.ts')
      shell.finish(await login(url, shell))
    })
}
