import { type Command, Option } from 'commander'
import type { SubmittedBy, ValidationLevel } from 'miniapp/validate'
import type { Shell } from '../shell.ts'

interface Options {
  level: ValidationLevel
  by: SubmittedBy
}

const HELP = `
A folder means the definition in it (miniapp.json, .jsonc, .yaml, …). A module (.ts, .mjs) is run, and its default
export is checked. All findings are told at once, each with its place in the file.

Levels, each including the one before:
  schema       shape and types
  consistency  what refers to what: sources, functions, placeholders, paths
  submission   what the intake of submissions rejects or questions, and what the samples and recorded tests beside the
               definition say

Examples:
  $ miniapps validate miniapp.json
  $ miniapps validate catalog/* --level submission --by operator --json`

export function validateCommand(parent: Command, shell: Shell): void {
  parent
    .command('validate')
    .summary('check definitions')
    .description('Checks definitions and says what is wrong, where, and what would be right.')
    .argument('<file...>', 'definitions: JSON, JSON with comments, YAML or modules; or their folders')
    .addOption(
      new Option('--level <level>', 'how much is checked')
        .choices(['schema', 'consistency', 'submission'])
        .default('consistency'),
    )
    .addOption(
      new Option('--by <who>', 'who hands it in; some fields of a submission are for the operator alone')
        .choices(['partner', 'operator'])
        .default('partner'),
    )
    .addHelpText('after', HELP)
    .action(async (files: string[], { level, by }: Options) => {
      const { validateFiles } = await import('../definition/validate-files.ts')
      shell.finish(await validateFiles(files, { level, by }, shell))
    })
}
