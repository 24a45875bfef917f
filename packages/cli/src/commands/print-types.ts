import type { Command } from 'commander'
import type { Shell } from '../shell.ts'

const HELP = `
Each action becomes two interfaces, what it takes and what it answers, with the descriptions as comments. The same
definition always makes the same file. Where the definition itself is a module, defineMiniApp gives the same types
without a file.

Examples:
  $ miniapps types miniapp.json --out miniapp.types.ts
  $ miniapps types catalog/github`

export function printTypesCommand(parent: Command, shell: Shell): void {
  parent
    .command('types')
    .summary('write TypeScript types of the actions')
    .description('Writes TypeScript types of what the actions of a definition take and answer.')
    .argument('<definition>', 'a definition or its folder')
    .option('-o, --out <file>', 'file to write; without it the types are printed')
    .addHelpText('after', HELP)
    .action(async (definition: string, { out }: { out?: string }) => {
      const { printTypes } = await import('../definition/print-types.ts')
      shell.finish(await printTypes(definition, out, shell))
    })
}
