import { CliError } from '../cli-error.ts'
import type { Outcome } from '../outcome.ts'
import { actionOutcome } from '../render/action.ts'
import type { ReportedStep } from '../run-report.ts'
import type { Shell } from '../shell.ts'
import { graphql } from './graphql.ts'
import { type AnsweredError, serverReport } from './server-report.ts'
import { openSession, type ServerOptions, type Session } from './session.ts'

const EXECUTE = `mutation ($ns: String!, $action: String!, $input: JSON) {
  executeMiniAppAction(appNs: $ns, actionName: $action, formInput: $input)
}`
const RECENT_RUNS = `query ($ns: String, $action: String) {
  miniAppActionRuns(ns: $ns, action: $action, first: 20) { data { _id requestId durationMs } }
}`
const RECORD = 'query ($id: String!) { miniAppActionRun(_id: $id) { record } }'

interface Result {
  requestId: string
  success: boolean
  data: Record<string, unknown> | null
  error: AnsweredError | null
}

export interface RemoteCall {
  ns: string
  action: string
  input: Record<string, unknown>
  verbose: boolean
}

/**
 * Runs an action of an installed app on a server, with the account that is connected there.
 *
 * @throws CliError where the server cannot be reached or refuses the request
 */
export async function runActionThere(
  { ns, action, input, verbose }: RemoteCall,
  options: ServerOptions,
  shell: Shell,
): Promise<Outcome> {
  const session = await openSession(shell, options)
  const startedAt = performance.now()
  const { executeMiniAppAction: result } = await graphql<{ executeMiniAppAction: Result }>(session, EXECUTE, {
    ns,
    action,
    input,
  })
  const durationMs = Math.round(performance.now() - startedAt)
  const { requestId, data, error } = result
  const steps = await stepsOf(session, { ns, action, requestId })
  const report = serverReport(session, {
    ns,
    kind: 'action',
    name: action,
    steps,
    error,
    durationMs,
    requestId,
    verbose,
  })
  return actionOutcome(report, { data: error ? null : (data ?? {}) })
}

/** The steps stand in the run record, which not every token may read: then there are none to show. */
async function stepsOf(
  session: Session,
  { ns, action, requestId }: { ns: string; action: string; requestId: string },
): Promise<ReportedStep[]> {
  try {
    const { miniAppActionRuns: runs } = await graphql<{
      miniAppActionRuns: { data: { _id: string; requestId: string }[] }
    }>(session, RECENT_RUNS, { ns, action })
    const run = runs.data.find((one) => one.requestId === requestId)
    if (run === undefined) return []
    const { miniAppActionRun: found } = await graphql<{
      miniAppActionRun: { record: { steps?: ReportedStep[] } | null }
    }>(session, RECORD, { id: run._id })
    return found.record?.steps ?? []
  } catch (error) {
    if (error instanceof CliError) return []
    throw error
  }
}
