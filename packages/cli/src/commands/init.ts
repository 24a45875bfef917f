import { type Command, Option } from 'commander'
import type { Given } from '../init/identity.ts'
import type { Shell } from '../shell.ts'

type Options = Omit<Given, 'folder'> & { yes?: boolean }

const HELP = `
Writes a folder with a definition, a guide, samples and tests, and never overwrites a file. On a terminal it asks for
what is not given; elsewhere, and with --yes, it takes the defaults.

Templates:
  api-key    an API key in a form, two actions and a dropdown
  oauth      OAuth 2.0 with PKCE and refresh, two actions and a dropdown
  commerce   webhooks, triggers and sync of orders and customers
  messaging  chained requests, signed events and a handshake

Examples:
  $ miniapps init
  $ miniapps init my-shop --template commerce --title "My Shop" --format yaml --yes`

export function initCommand(parent: Command, shell: Shell): void {
  parent
    .command('init')
    .summary('begin a new definition')
    .description('Begins a definition from a template, in a folder of its own.')
    .argument('[folder]', 'where to write; default: a folder named after the namespace')
    .addOption(new Option('--template <name>', 'what to begin with (default: api-key)'))
    .addOption(new Option('--ns <ns>', "namespace (default: from the folder's name)"))
    .addOption(new Option('--title <title>', 'what users see (default: from the namespace)'))
    .addOption(
      new Option('--category <category>', 'place in the marketplace (default: that of the template)'),
    )
    .addOption(new Option('--format <format>', 'json, jsonc, yaml or ts (default: json)'))
    .addOption(new Option('-y, --yes', 'ask nothing'))
    .addHelpText('after', HELP)
    .action(async (folder: string | undefined, { yes = false, ...given }: Options) => {
      const { init } = await import('../init/init.ts')
      shell.finish(await init({ ...given, ...(folder && { folder }) }, { ...shell, yes }))
    })
}
