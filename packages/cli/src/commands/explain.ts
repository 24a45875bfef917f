import type { Command } from 'commander'
import type { Shell } from '../shell.ts'

const HELP = `
Examples:
  $ miniapps explain unresolved-placeholder
  $ miniapps explain --json`

export function explainCommand(parent: Command, shell: Shell): void {
  parent
    .command('explain')
    .summary('explain a finding')
    .description(
      'Explains what validate found, with a wrong and a right example. Without a code it lists all of them.',
    )
    .argument('[code]', 'code of a finding, as validate shows it')
    .addHelpText('after', HELP)
    .action(async (code: string | undefined) => {
      const { explain, listCodes } = await import('../definition/explain.ts')
      shell.finish(code === undefined ? listCodes() : await explain(code))
    })
}
