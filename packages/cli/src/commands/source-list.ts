import { type Command, Option } from 'commander'
import { collect, readPairs } from '../key-value.ts'
import type { LocalOptions } from '../local/runtime.ts'
import { addLocalOptions } from '../local-options.ts'
import type { Outcome } from '../outcome.ts'
import type { ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

type Options = LocalOptions &
  ServerOptions & { param?: readonly string[]; sourceRef?: string; verbose?: boolean }

interface Call {
  argument: string
  key: string | undefined
  params: Record<string, string>
  options: Options
}

const HELP = `
Without a source, lists the sources that the app declares. With one, reads its options from the provider: on this
machine for a file or folder (credentials as for action run), on the server for the ns of an app.

Examples:
  $ miniapps source list catalog/github
  $ miniapps source list catalog/github rpc_labels --param repository=ada/storefront`

export function sourceListCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('list')
    .summary('list sources, or the options of one')
    .description('Lists the sources of an app, or reads the options of one of them.')
    .argument('<app>', 'a definition, its folder, or the ns of an app on the server')
    .argument('[source]', 'key of the source, rpc_…')
    .addOption(
      new Option(
        '-p, --param <key=value>',
        'a parameter that the options depend on; may be repeated',
      ).argParser(collect),
    )
    .option('--source-ref <name>', 'picks another value field (valueFields)')
  addLocalOptions(command)
    .addHelpText('after', HELP)
    .action(async (argument: string, key: string | undefined, _options: Options, self: Command) => {
      const options = self.optsWithGlobals<Options>()
      const params = readPairs(options.param ?? [], {
        option: '--param',
        example: 'repository=ada/storefront',
      })
      const { readTarget } = await import('../target.ts')
      const target = await readTarget(argument, shell.directory)
      const call: Call = { argument, key, params, options }
      shell.finish(
        target.kind === 'there' ? await runThere(target.ns, call, shell) : await runHere(call, shell),
      )
    })
}

async function runHere({ argument, key, params, options }: Call, shell: Shell): Promise<Outcome> {
  const { loadApp } = await import('../local/load-app.ts')
  const loaded = await loadApp(argument, shell.directory)
  if (!loaded.ok) return loaded.outcome
  const { app } = loaded
  if (key === undefined) {
    const [{ listedSources }, { sourcesOutcome }] = await Promise.all([
      import('../render/listed-sources.ts'),
      import('../render/source.ts'),
    ])
    return sourcesOutcome(app.compiled.ns, listedSources(app.compiled.definition))
  }
  const { readSourceHere } = await import('../local/read-source-options.ts')
  const { sourceRef, verbose = false } = options
  return readSourceHere(app, { source: key, params, sourceRef, verbose }, options, shell)
}

async function runThere(
  ns: string,
  { argument, key, params, options }: Call,
  shell: Shell,
): Promise<Outcome> {
  const { refuseLocalOptions, there } = await import('../target.ts')
  refuseLocalOptions(argument, options)
  const { listSourcesThere, readSourceThere } = await import('../server/read-source.ts')
  return there(argument, shell.directory, () =>
    key === undefined
      ? listSourcesThere(ns, options, shell)
      : readSourceThere({ ns, source: key, params, sourceRef: options.sourceRef }, options, shell),
  )
}
