import { type Command, Option } from 'commander'
import type { ValidationLevel } from 'miniapp'
import type { Shell } from '../shell.ts'

interface Options {
  level: ValidationLevel
}

const HELP = `
A folder means the definition in it (miniapp.json, .jsonc, .yaml, …). A module (.ts, .mjs) is run, and its default
export is checked. All findings are told at once, each with its place in the file.

Levels, each including the one before:
  schema       shape and types
  consistency  what refers to what: sources, functions, placeholders, paths

Examples:
  $ miniapps validate miniapp.json
  $ miniapps validate catalog/* --json`

export function validateCommand(parent: Command, shell: Shell): void {
  parent
    .command('validate')
    .summary('check definitions')
    .description('Checks definitions and says what is wrong, where, and what would be right.')
    .argument('<file...>', 'definitions: JSON, JSON with comments, YAML or modules; or their folders')
    .addOption(
      new Option('--level <level>', 'how much is checked')
        .choices(['schema', 'consistency'])
        .default('consistency'),
    )
    .addHelpText('after', HELP)
    .action(async (files: string[], options: Options) => {
      const { validateFiles } = await import('../definition/validate-files.ts')
      shell.finish(await validateFiles(files, options.level, shell))
    })
}
