import type { Command } from 'commander'
import { Option } from 'commander'
import { givenCredentials } from '../credentials.ts'
import { collect } from '../key-value.ts'
import type { Outcome } from '../outcome.ts'
import { renderRun, runDocument } from '../render/run.ts'
import { graphql } from '../server/graphql.ts'
import { reportedFailure } from '../server/reported-failure.ts'
import { serverReport } from '../server/server-report.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

type Options = ServerOptions & { credential?: readonly string[] }

const HELP = `
The server tries the credentials at the provider and stores them, encrypted, only where they work. Secrets in the
environment (MINIAPPS_CREDENTIAL_<KEY>) stay out of the list of processes and of the shell's history.

Example:
  $ MINIAPPS_CREDENTIAL_ACCESS_TOKEN=… miniapps admin app connect github`

const FORM = 'query ($ns: String!) { miniAppGeneralInfo(ns: $ns) { auth { form } } }'
const SAVE = `mutation ($ns: String!, $credentials: JSON!) {
  saveMiniAppCredentials(ns: $ns, credentials: $credentials)
}`

interface Connection {
  ns: string
  status: string
  uid: string | null
  accountName: string | null
}

export function adminAppConnectCommand(parent: Command, shell: Shell): void {
  parent
    .command('connect')
    .summary('connect an account')
    .description('Connects an account to an installed app.')
    .argument('<ns>', 'ns of the app')
    .addOption(
      new Option('-c, --credential <key=value>', 'a field of the credential form; may be repeated').argParser(
        collect,
      ),
    )
    .addHelpText('after', HELP)
    .action(async (ns: string, _options: Options, self: Command) => {
      shell.finish(await connect(ns, self.optsWithGlobals<Options>(), shell))
    })
}

async function connect(ns: string, options: Options, shell: Shell): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { miniAppGeneralInfo: info } = await graphql<{
    miniAppGeneralInfo: { auth: { form: Record<string, unknown> | null } | null }
  }>(session, FORM, { ns })
  const formFields = Object.keys(info.auth?.form ?? {})
  const credentials = givenCredentials(options.credential ?? [], formFields, { env: shell.env, ns })
  const startedAt = performance.now()
  try {
    const { saveMiniAppCredentials: connection } = await graphql<{ saveMiniAppCredentials: Connection }>(
      session,
      SAVE,
      { ns, credentials },
    )
    const who = connection.accountName ?? connection.uid
    return {
      exit: 'ok',
      document: connection,
      text: (paint) => `${paint.good('Connected')} ${ns}${who ? ` as ${who}` : ''}.`,
    }
  } catch (error) {
    const failure = reportedFailure(error)
    if (!failure) throw error
    const told = serverReport(session, {
      ns,
      kind: 'connect',
      name: 'connect',
      steps: [],
      error: failure,
      durationMs: Math.round(performance.now() - startedAt),
      verbose: false,
    })
    const report = { ...told, formFields }
    return {
      exit: 'failed',
      document: runDocument(report),
      text: (paint) => renderRun(report, paint),
    }
  }
}
