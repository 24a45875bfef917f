import { type Command, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { InputOptions } from '../input.ts'
import { collect, readPairs } from '../key-value.ts'
import type { LocalOptions } from '../local/runtime.ts'
import { addLocalOptions } from '../local-options.ts'
import type { ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

type Options = InputOptions &
  LocalOptions &
  ServerOptions & { action?: string; source?: string; param?: readonly string[]; bundle?: string }

const HELP = `
With a file or folder it looks at the definition on this machine: where each credential comes from, whether the provider
accepts the account, and what an action or a dropdown does. With the ns of an app it looks at the app on the server:
whether it is seen and connected, what failed, which deliveries came, were refused, or gave no record.

Examples:
  $ miniapps doctor catalog/github
  $ miniapps doctor catalog/github --source rpc_labels --param repository=ada/storefront
  $ miniapps doctor github --bundle support.json`

export function doctorCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('doctor')
    .summary('find out why an app does not work')
    .description('Looks into why an app does not work, case by case, and says what to do.')
    .argument('<app>', 'a definition, its folder, or the ns of an app on the server')
    .option('--action <name>', 'run this action, for real')
    .addOption(new Option('-i, --input <key=value>', 'one form input; may be repeated').argParser(collect))
    .option('--input-json <json>', 'form input as a JSON object, or @file')
    .option('--source <key>', 'read the options of this source')
    .addOption(
      new Option('-p, --param <key=value>', 'a parameter of the source; may be repeated').argParser(collect),
    )
    .option('--bundle <file>', 'write what a support request needs to a file, without secrets')
  addLocalOptions(command)
    .addHelpText('after', HELP)
    .action(async (argument: string, _options: Options, self: Command) => {
      const options = self.optsWithGlobals<Options>()
      const [{ examineHere, examineThere }, { readTarget, refuseLocalOptions, there }] = await Promise.all([
        import('../doctor/doctor.ts'),
        import('../target.ts'),
      ])
      const { directory } = shell
      const target = await readTarget(argument, directory)
      const { bundle, source } = options
      const params = readPairs(options.param ?? [], {
        option: '--param',
        example: 'repository=ada/storefront',
      })
      if (target.kind === 'there') {
        refuseLocalOptions(argument, options)
        if (options.action !== undefined) {
          throw new CliError('usage', '--action is for definitions on this machine.', {
            next: [`miniapps action run ${argument} ACTION`],
          })
        }
        const called = source === undefined ? undefined : { key: source, params }
        return shell.finish(
          await there(argument, directory, () =>
            examineThere(target.ns, { ...options, bundle, source: called }, shell),
          ),
        )
      }
      const [{ loadApp }, { readInput }] = await Promise.all([
        import('../local/load-app.ts'),
        import('../input.ts'),
      ])
      const loaded = await loadApp(argument, directory)
      if (!loaded.ok) return shell.finish(loaded.outcome)
      const { action } = options
      const calls = {
        action:
          action === undefined
            ? undefined
            : { action, input: await readInput(options, directory), verbose: true },
        source: source === undefined ? undefined : { source, params, verbose: true },
        bundle,
      }
      shell.finish(await examineHere(loaded.app, calls, options, shell))
    })
}
