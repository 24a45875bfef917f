import { explained, type MappingNote, type RedactedRequest, runSteps } from 'miniapp'
import { allowsHttp, type Context, effectsFor } from '../context.ts'
import { ApiError } from '../errors.ts'
import { callBudget } from '../install/call-budget.ts'
import { runContextOf } from '../install/run-context.ts'
import { type Actor, priorityOf } from './actor.ts'
import { connectedInstall } from './connected-install.ts'
import { ACTION_DEADLINE_MS, type ActionError, actionError } from './execute.ts'

export interface TestRequest {
  actor: Actor
  miniAppNs: string
  actionName: string
  /** Which of the action's requests, from 0. */
  step: number
  /** The only values that are free; outputs of earlier steps are given here by name. */
  formInput: Record<string, unknown>
}

/** The author's microscope (specification 4.4): what was sent, what came back, what the mapping made of it. */
export interface TestedRequest {
  success: boolean
  request: RedactedRequest | null
  response: { status: number; headers: Record<string, string>; body: string } | null
  mapped: Record<string, unknown>
  notes: MappingNote[]
  error: ActionError | null
}

/**
 * Runs one request of an action of the installed version against the connected account, for real. Form input is not
 * validated, so that an author can see what the provider says to a wrong value; hosts stay those of the version.
 * @throws ApiError NOT_FOUND or BAD_USER_INPUT where there is no such action or step; MiniAppError where the app is
 *   not installed or not connected
 */
export async function testRequest(context: Context, test: TestRequest): Promise<TestedRequest> {
  const { actor, miniAppNs } = test
  const live = await connectedInstall(context, { actor, ns: miniAppNs })
  const action = live.compiled.actions.get(test.actionName)
  if (!action) throw new ApiError('NOT_FOUND', `"${miniAppNs}" has no action "${test.actionName}".`)
  const step = action.steps[test.step]
  if (!step) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `"${test.actionName}" has ${action.steps.length} request(s); "request" counts them from 0.`,
    )
  }
  const outcome = await runSteps(
    [step],
    await runContextOf(context, { subdomain: actor.subdomain, live, input: test.formInput }),
    effectsFor(context, actor.workspaceId, callBudget(live, priorityOf(actor))),
    { deadlineMs: ACTION_DEADLINE_MS, allowHttp: allowsHttp(context) },
  )
  const [record] = outcome.steps
  return {
    success: outcome.ok,
    request: record?.request ?? null,
    response: record?.response ?? null,
    mapped: outcome.outputs,
    notes: record?.notes ?? [],
    error: outcome.error
      ? actionError(
          explained(outcome.error, {
            part: { action: test.actionName },
            compiled: live.compiled,
            steps: outcome.steps,
          }),
        )
      : null,
  }
}
