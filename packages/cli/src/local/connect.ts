import { MiniAppError } from 'miniapp'
import { CliError } from '../cli-error.ts'
import { shownName } from '../definition/read-source.ts'
import type { Outcome } from '../outcome.ts'
import { connectOutcome } from '../render/connect.ts'
import type { Shell } from '../shell.ts'
import { writeConnection } from './connection-store.ts'
import { readGiven } from './given.ts'
import type { LocalApp } from './load-app.ts'
import { localReport } from './local-report.ts'
import { type LocalOptions, withRuntime } from './runtime.ts'
import { tryAccount } from './try-account.ts'

/**
 * Tries an account with the definition's auth requests and, where they succeed, keeps its bags beside the definition.
 *
 * @throws CliError where there is nothing to connect with a form, or the file cannot be written
 */
export async function connectHere(
  app: LocalApp,
  options: LocalOptions & { verbose: boolean },
  shell: Shell,
): Promise<Outcome> {
  const { compiled } = app
  refuseOtherWaysToConnect(app)
  const given = await readGiven(app, options.credential ?? [], shell)
  return withRuntime(options, async (runtime) => {
    const startedAt = performance.now()
    const outcome = await tryAccount(app, given, runtime)
    const report = localReport(
      app,
      { connect: true },
      {
        steps: outcome.steps,
        error: outcome.ok ? undefined : fieldsNamed(outcome.error),
        startedAt,
        verbose: options.verbose,
      },
    )
    if (!outcome.ok) return connectOutcome(report, {})
    const { uid, name } = outcome
    await writeConnection(given.file, {
      ns: compiled.ns,
      connectedAt: new Date().toISOString(),
      ...(uid !== undefined && { uid }),
      ...(name !== undefined && { name }),
      ...outcome.bags,
      ...(options.origin && { standIns: options.origin }),
    })
    const stored = shownName(given.file, shell.directory)
    const skipped = compiled.auth.registrationRequests.length
    return connectOutcome(report, {
      account: { uid, name, stored, standIns: options.origin ?? [], skippedRegistrations: skipped },
    })
  })
}

function refuseOtherWaysToConnect({ compiled, argument }: LocalApp): void {
  const { ns, auth } = compiled
  if (auth.type === 'none') {
    throw new CliError('usage', `"${ns}" needs no connection: its actions run as they are.`, {
      next: [`miniapps action run ${argument} ACTION`],
    })
  }
  if (auth.type !== 'oauth2') return
  throw new CliError(
    'usage',
    `"${ns}" connects through OAuth 2.0, in a browser that comes back to a server.`,
    {
      next: [
        `To try it here, give a token you have: miniapps action run ${argument} ACTION --credential accessToken=…`,
      ],
    },
  )
}

/** The pointers of a connect form name its fields. */
function fieldsNamed(error: MiniAppError): MiniAppError {
  return error.path === undefined && error.details.fields
    ? new MiniAppError(error.code, error.message, { path: '/auth/form', details: error.details })
    : error
}
