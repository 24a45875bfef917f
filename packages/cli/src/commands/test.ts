import type { Command } from 'commander'
import type { Shell } from '../shell.ts'

const HELP = `
A recorded test holds what one run sends, what the provider answers and how the run ends. Tests stand in the folder tests
beside the definition (fixtures in the catalog). Nothing leaves this machine.

Examples:
  $ miniapps test
  $ miniapps test catalog/github --json`

export function testCommand(parent: Command, shell: Shell): void {
  parent
    .command('test')
    .summary('run the recorded tests of a definition')
    .description('Runs the recorded tests beside a definition, offline, and shows what differs.')
    .argument('[folder]', 'the folder of a definition, or the definition', '.')
    .addHelpText('after', HELP)
    .action(async (argument: string) => {
      const { testPackage } = await import('../definition/test-package.ts')
      shell.finish(await testPackage(argument, shell))
    })
}
