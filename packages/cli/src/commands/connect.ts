import type { Command } from 'commander'
import type { LocalOptions } from '../local/runtime.ts'
import { addLocalOptions } from '../local-options.ts'
import type { Shell } from '../shell.ts'

type Options = LocalOptions & { verbose?: boolean }

const HELP = `
Tries the credentials with the definition's own requests (get_token, test_token, userDetails) and, where they work,
keeps them in .miniapps/<ns>.json beside the definition: readable by you alone, ignored by git. Secrets in the
environment (MINIAPPS_CREDENTIAL_<KEY>) stay out of the list of processes and of the shell's history.

Examples:
  $ MINIAPPS_CREDENTIAL_ACCESS_TOKEN=… miniapps connect catalog/github
  $ miniapps connect miniapp.json --credential storeUrl=https://shop.example.com --credential consumerKey=…`

export function connectCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('connect')
    .summary('connect an account to a definition on this machine')
    .description('Connects an account to a definition on this machine, for action run and source list.')
    .argument('<file>', 'a definition or its folder')
  addLocalOptions(command)
    .addHelpText('after', HELP)
    .action(async (argument: string, options: Options) => {
      const { loadApp } = await import('../local/load-app.ts')
      const loaded = await loadApp(argument, shell.directory)
      if (!loaded.ok) return shell.finish(loaded.outcome)
      const { connectHere } = await import('../local/connect.ts')
      const { verbose = false } = options
      shell.finish(await connectHere(loaded.app, { ...options, verbose }, shell))
    })
}
