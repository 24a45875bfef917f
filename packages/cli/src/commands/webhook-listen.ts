import { type Command, Option } from 'commander'
import { collect } from '../key-value.ts'
import type { LocalOptions } from '../local/runtime.ts'
import { wholeNumber } from '../page-options.ts'
import type { Shell } from '../shell.ts'
import { type ListenOptions, listenWebhooks } from '../webhook/listen.ts'
import type { SecretOptions } from '../webhook/secrets.ts'

type Options = ListenOptions & SecretOptions & LocalOptions

const DEFAULT_PORT = 4100
const MAX_PORT = 65_535
const MAX_COUNT = 100_000

const HELP = `
With a definition it answers as a server would: handshakes, 401 where the signature is wrong, and says which event came. A
delivery for which there is no secret is taken and called not verified. Samples are saved without the headers that carry
a proof or a session, and without the secrets of the definition; other data of people is in them.

Examples:
  $ miniapps webhook listen --save captured
  $ MINIAPPS_CREDENTIAL_WEBHOOK_SECRET=… miniapps webhook listen catalog/github --port 4100 --save samples`

export function webhookListenCommand(parent: Command, shell: Shell): void {
  parent
    .command('listen')
    .summary('take deliveries on a local port, show and save them')
    .description(
      'Takes deliveries on a local port, shows them, verifies them by a definition, and saves them as samples.',
    )
    .argument('[definition]', 'a definition or its folder')
    .addOption(
      new Option('--port <number>', 'where it listens; 0 for any that is free')
        .default(DEFAULT_PORT)
        .argParser((text) => wholeNumber(text, MAX_PORT, 0)),
    )
    .option('--host <address>', 'the address of this machine that it listens on', '127.0.0.1')
    .option('--public-url <url>', 'how the provider calls it, where a tunnel leads here')
    .option('--save <folder>', 'save each delivery there as a sample')
    .addOption(
      new Option('--count <count>', 'end after so many').argParser((text) => wholeNumber(text, MAX_COUNT)),
    )
    .addOption(
      new Option('-c, --credential <key=value>', 'a secret of the app; may be repeated').argParser(collect),
    )
    .option('--secret <value>', 'the secret of the verification; - reads it from standard input')
    .addOption(
      new Option('--origin <origin=origin>', 'fetch public keys of one origin from a stand-in').argParser(
        collect,
      ),
    )
    .option('--allow-private', 'fetch public keys from private addresses too')
    .addHelpText('after', HELP)
    .action(async (argument: string | undefined, _options: Options, self: Command) => {
      const options = self.optsWithGlobals<Options>()
      const { judgeBy, judgeNothing } = await import('../webhook/judge.ts')
      if (argument === undefined) return shell.finish(await listenWebhooks(judgeNothing, options, shell))
      const [{ loadWebhook }, { readSecrets }, { withRuntime }] = await Promise.all([
        import('../webhook/load-webhook.ts'),
        import('../webhook/secrets.ts'),
        import('../local/runtime.ts'),
      ])
      const loaded = await loadWebhook(argument, shell.directory)
      if (!loaded.ok) return shell.finish(loaded.outcome)
      const { app, webhook } = loaded
      const secrets = await readSecrets(app, options, shell)
      await withRuntime(options, async (runtime) =>
        shell.finish(await listenWebhooks(judgeBy(app, webhook, { secrets, runtime }), options, shell)),
      )
    })
}
