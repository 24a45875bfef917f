import type { Command } from 'commander'
import type { Outcome } from '../outcome.ts'
import { renderRun, runDocument } from '../render/run.ts'
import type { ReportedStep } from '../run-report.ts'
import { graphql } from '../server/graphql.ts'
import { type AnsweredError, serverReport } from '../server/server-report.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

type Options = ServerOptions & { verbose?: boolean }

const HELP = `
Example:
  $ miniapps admin run 0198c0de-… --verbose`

const QUERY = `query ($id: String!) {
  miniAppActionRun(_id: $id) {
    _id createdAt ns version action actorKind status errorCode durationMs requestId record
  }
}`

interface Run {
  _id: string
  createdAt: string
  ns: string
  version: string
  action: string
  actorKind: string | null
  status: string
  durationMs: number
  requestId: string | null
  record: { steps?: ReportedStep[]; error?: AnsweredError | null } | null
}

export function adminRunCommand(parent: Command, shell: Shell): void {
  parent
    .command('run')
    .summary('show one execution, step by step')
    .description('Shows what one execution of an action did, step by step.')
    .argument('<id>', 'its id, as admin runs shows it')
    .option('--verbose', 'show requests and answers, without secrets')
    .addHelpText('after', HELP)
    .action(async (id: string, _options: Options, self: Command) => {
      shell.finish(await showRun(id, self.optsWithGlobals<Options>(), shell))
    })
}

async function showRun(id: string, { verbose = false, ...options }: Options, shell: Shell): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { miniAppActionRun: run } = await graphql<{ miniAppActionRun: Run }>(session, QUERY, { id })
  const { _id, createdAt, ns, version, action, actorKind, status, durationMs, requestId, record } = run
  const report = serverReport(session, {
    ns,
    kind: 'action',
    name: action,
    steps: record?.steps ?? [],
    error: record?.error,
    durationMs,
    requestId,
    verbose,
  })
  return {
    exit: 'ok',
    document: { _id, createdAt, version, action, actorKind, status, ...runDocument(report) },
    text: (paint) =>
      [
        renderRun(report, paint),
        paint.faint(
          `${status} · version ${version} · ${createdAt} · ${durationMs} ms · by ${actorKind ?? '–'}`,
        ),
      ].join('\n\n'),
  }
}
