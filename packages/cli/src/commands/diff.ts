import type { Command } from 'commander'
import type { Shell } from '../shell.ts'

const HELP = `
Compares what two versions mean, not their text: order, spelling of paths and defaults written out are no changes.
Changes are breaking (something stops working), additive (there is more), or cosmetic (texts, and how requests are
made). Exits with 1 where the second version is called too low: something breaking needs a higher major number,
before 1.0.0 a higher minor number.

Examples:
  $ miniapps diff published.json miniapp.json
  $ miniapps diff releases/1.2.0 . --json`

export function diffCommand(parent: Command, shell: Shell): void {
  parent
    .command('diff')
    .summary('compare two versions')
    .description('Says what changes for those who use an app, and which version that needs.')
    .argument('<before>', 'the version that is used now: a definition or its folder')
    .argument('<after>', 'the next version: a definition or its folder')
    .addHelpText('after', HELP)
    .action(async (before: string, after: string) => {
      const { diffSources } = await import('../definition/diff-sources.ts')
      shell.finish(await diffSources(before, after, shell))
    })
}
