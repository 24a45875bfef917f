import { type Command, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { InputOptions } from '../input.ts'
import { collect } from '../key-value.ts'
import type { LocalOptions } from '../local/runtime.ts'
import { addLocalOptions } from '../local-options.ts'
import type { ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'
import type { Target } from '../target.ts'

type Options = InputOptions & LocalOptions & ServerOptions & { verbose?: boolean }

const HELP = `
With a file or folder the action runs on this machine, as it would on a server. Credentials come from --credential,
from MINIAPPS_CREDENTIAL_<KEY> in the environment (which keeps them out of the list of processes), or from
miniapps connect. With the ns of an app, the action runs on the server, with the account that is connected there.

Examples:
  $ miniapps action run catalog/github getIssue --input repository=ada/storefront --input issueNumber=7
  $ miniapps action run miniapp.json createIssue --input-json @issue.json --verbose
  $ miniapps action run github listIssues --input repository=ada/storefront`

export function actionRunCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('run')
    .summary('run an action and show what it did')
    .description('Runs an action, step by step, and shows its result or what stood in its way.')
    .argument('<app>', 'a definition, its folder, or the ns of an app on the server')
    .argument('[action]', 'name of the action; without it, they are listed')
    .addOption(new Option('-i, --input <key=value>', 'one form input; may be repeated').argParser(collect))
    .option('--input-json <json>', 'form input as a JSON object, or @file')
  addLocalOptions(command)
    .addHelpText('after', HELP)
    .action(async (argument: string, action: string | undefined, _options: Options, self: Command) => {
      const options = self.optsWithGlobals<Options>()
      const [{ readInput }, { readTarget, refuseLocalOptions, there }] = await Promise.all([
        import('../input.ts'),
        import('../target.ts'),
      ])
      const { directory } = shell
      const target = await readTarget(argument, directory)
      if (action === undefined) throw await whichAction(argument, target, directory)
      const call = { action, input: await readInput(options, directory), verbose: options.verbose ?? false }
      if (target.kind === 'there') {
        refuseLocalOptions(argument, options)
        const { runActionThere } = await import('../server/run-action.ts')
        const run = () => runActionThere({ ns: target.ns, ...call }, options, shell)
        return shell.finish(await there(argument, directory, run))
      }
      const { loadApp } = await import('../local/load-app.ts')
      const loaded = await loadApp(argument, directory)
      if (!loaded.ok) return shell.finish(loaded.outcome)
      const { runActionHere } = await import('../local/run-action.ts')
      shell.finish(await runActionHere(loaded.app, call, options, shell))
    })
}

/** On this machine the actions can be told without asking anybody. */
async function whichAction(argument: string, target: Target, directory: string): Promise<CliError> {
  if (target.kind === 'there') {
    return new CliError('usage', `Which action of ${target.ns}?`, { next: ['miniapps action run --help'] })
  }
  const { readSource } = await import('../definition/read-source.ts')
  const { parsed } = await readSource(argument, directory)
  const { ns, actions } = (parsed.ok ? parsed.value : {}) as { ns?: unknown; actions?: unknown }
  const name = typeof ns === 'string' ? ns : argument
  const names = (Array.isArray(actions) ? actions : []).flatMap((one: { name?: unknown } | null) =>
    typeof one?.name === 'string' ? [one.name] : [],
  )
  if (names.length === 0) return new CliError('usage', `"${name}" has no actions.`)
  return new CliError('usage', `Which action? "${name}" has ${names.join(', ')}.`, {
    next: [`miniapps action run ${argument} ${names[0]}`],
  })
}
