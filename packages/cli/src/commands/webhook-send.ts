import { type Command, Option } from 'commander'
import { collect } from '../key-value.ts'
import { wholeNumber } from '../page-options.ts'
import type { Shell } from '../shell.ts'
import type { SendOptions } from '../webhook/send.ts'

/** Enough to see repetitions; floods are for load tests. */
const MAX_TIMES = 100

const TAMPERINGS = ['body', 'secret', 'time', 'unsigned']

const HELP = `
The delivery comes from samples/ beside the definition, or from the sample of a trigger. It is signed as the definition
says, with a secret from the environment (MINIAPPS_CREDENTIAL_<KEY>), --secret, an earlier connect, or auth.config, and
goes to the server of the last login unless --server or --to name another address. Secrets are never shown.

With the ns of an app, the definition is the server's. It has no samples: --data and --sample give a body, or a trigger
its own. The server tells nobody its secrets: give the one that the app was connected with.

With --tamper it has to be refused with 401: the exit code says whether it was.

Examples:
  $ MINIAPPS_CREDENTIAL_WEBHOOK_SECRET=… miniapps webhook send catalog/github --event issues.opened
  $ miniapps webhook send . --data @order.json --header X-Topic=orders/create --secret - < secret.txt
  $ miniapps webhook send . --event order.created --tamper body --to http://127.0.0.1:4100
  $ miniapps webhook send shopify --data @order.json --header X-Shopify-Topic=orders/create --secret - < secret.txt`

export function webhookSendCommand(parent: Command, shell: Shell): void {
  parent
    .command('send')
    .summary('send a delivery, signed as the provider would')
    .description('Sends a delivery to a server, signed as the provider would sign it.')
    .argument('<app>', 'a definition, its folder, or the ns of an app on the server')
    .option('--event <name>', 'the sample of this event')
    .option('--sample <file>', 'this sample, by its name in samples/ or as a file')
    .option('--data <body>', 'this body, or @file')
    .addOption(new Option('--header <name=value>', 'a further header; may be repeated').argParser(collect))
    .option('--fresh', 'with a new id in the headers that tell repetitions')
    .addOption(
      new Option('--times <count>', `send it so many times, at most ${MAX_TIMES}`)
        .default(1)
        .argParser((text) => wholeNumber(text, MAX_TIMES)),
    )
    .addOption(new Option('--tamper <how>', 'make one that has to be refused').choices(TAMPERINGS))
    .option('--to <url>', 'send it there')
    .addOption(
      new Option('-c, --credential <key=value>', 'a secret of the app; may be repeated').argParser(collect),
    )
    .option('--secret <value>', 'the secret of the verification; - reads it from standard input')
    .option('--private-key <file>', "the provider's private key (PEM), for ed25519 and jwt")
    .addHelpText('after', HELP)
    .action(async (argument: string, _options: SendOptions, self: Command) => {
      const options = self.optsWithGlobals<SendOptions>()
      const { directory } = shell
      const [{ readTarget, there }, { loadWebhook, loadWebhookThere }, { sendWebhook }] = await Promise.all([
        import('../target.ts'),
        import('../webhook/load-webhook.ts'),
        import('../webhook/send.ts'),
      ])
      const target = await readTarget(argument, directory)
      if (target.kind === 'there') {
        const load = () => loadWebhookThere(target.ns, options, shell)
        const { app, webhook } = await there(argument, directory, load)
        return shell.finish(await sendWebhook(app, webhook, options, shell))
      }
      const loaded = await loadWebhook(argument, directory)
      if (!loaded.ok) return shell.finish(loaded.outcome)
      shell.finish(await sendWebhook(loaded.app, loaded.webhook, options, shell))
    })
}
