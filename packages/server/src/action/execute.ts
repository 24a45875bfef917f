import {
  type CompiledAction,
  type ErrorCode,
  explained,
  MiniAppError,
  type RunOutcome,
  type RunPart,
  runSteps,
} from 'miniapp'
import { allowsHttp, type Context, effectsFor } from '../context.ts'
import { storableText } from '../db/text.ts'
import { uuidTime, uuidv7 } from '../db/uuid.ts'
import { callBudget } from '../install/call-budget.ts'
import { findLiveInstall, type LiveInstall } from '../install/live-install.ts'
import { runContextOf } from '../install/run-context.ts'
import type { Taken } from '../limit/rate-limit.ts'
import { type Actor, priorityOf } from './actor.ts'
import { refusalOfLive, refused } from './connected-install.ts'
import { recordRun } from './record-run.ts'

/** Executions of one app by one user in any minute (specification 4.4). */
export const ACTION_RATE_LIMIT = { limit: 30, windowMs: 60_000 }
/** From the first step to the last, retries included, waiting for a token refresh excluded. */
export const ACTION_DEADLINE_MS = 60_000

export interface ExecuteAction {
  actor: Actor
  appNs: string
  actionName: string
  formInput: unknown
  requestId: string
  /** Names that the caller may run; absent: all. Others behave as if they did not exist. */
  allowedActions?: readonly string[]
  /** Default {@link ACTION_RATE_LIMIT}. */
  rateLimit?: { limit: number; windowMs: number }
  deadlineMs?: number
}

export interface ActionError {
  code: ErrorCode
  message: string
  retryable: boolean
  details: Record<string, unknown>
}

/** The answer of `executeMiniAppAction` (specification 4.4). */
export interface ActionResult {
  requestId: string
  actionName: string
  success: boolean
  data: Record<string, unknown> | null
  error: ActionError | null
}

/**
 * Runs an action of an installed app and leaves a run record, committed before the answer. Never rejects because of
 * the provider, the definition or the input: those end in `error`.
 *
 * Refusals before anything ran for this install (`NOT_INSTALLED`, `ACTION_NOT_FOUND`, the platform's `RATE_LIMITED`)
 * leave no record.
 */
export async function executeAction(context: Context, execution: ExecuteAction): Promise<ActionResult> {
  const startedAt = context.now()
  const runId = uuidv7(startedAt)
  const part = { action: execution.actionName }
  let attempted: Attempt
  try {
    attempted = await attempt(context, execution)
  } catch (error) {
    if (!(error instanceof MiniAppError)) throw error
    logExecution(context, execution, { startedAt, status: error.code })
    return resultOf(execution, { error: explained(error, { part, steps: [] }) })
  }
  const { live } = attempted
  const outcome = withExplanation(attempted, part)
  const recordError = await keepRecord(context, { execution, live, outcome, runId, startedAt })
  const error = recordError ?? outcome.error
  logExecution(context, execution, { startedAt, status: error?.code ?? 'ok', cause: outcome.error?.cause })
  return resultOf(execution, { data: outcome.data, error })
}

function resultOf(
  { requestId, actionName }: ExecuteAction,
  { data, error }: { data?: Record<string, unknown>; error?: MiniAppError | undefined },
): ActionResult {
  return {
    requestId,
    actionName,
    success: error === undefined,
    data: error === undefined ? (data ?? null) : null,
    error: error === undefined ? null : actionError(error),
  }
}

interface Attempt {
  live: LiveInstall
  outcome: RunOutcome
}

function withExplanation({ live: { compiled }, outcome }: Attempt, part: RunPart): RunOutcome {
  const { error, steps } = outcome
  return error ? { ...outcome, error: explained(error, { part, compiled, steps }) } : outcome
}

/** @throws MiniAppError for refusals that leave no record */
async function attempt(context: Context, execution: ExecuteAction): Promise<Attempt> {
  const { actor, appNs, actionName } = execution
  const live = await findLiveInstall(context, { workspaceId: actor.workspaceId, ns: appNs })
  const refusal = live && refusalOfLive(live)
  if (!live || refusal === 'NOT_INSTALLED') throw refused('NOT_INSTALLED', appNs)
  const action = live.compiled.actions.get(actionName)
  if (!action || execution.allowedActions?.includes(actionName) === false)
    throw actionNotFound(live, execution)
  const taking = takeSlot(context, execution)
  const slot = taking instanceof Promise ? await taking : taking
  if (!slot.ok) throw limited(execution, slot)
  if (refusal) return { live, outcome: failed(refused(refusal, appNs)) }
  const coerced = action.coerceInput(execution.formInput ?? {})
  if (!coerced.ok) return { live, outcome: failed(invalidInput(coerced.fields)) }
  return { live, outcome: await run(context, { execution, live, action, input: coerced.input }) }
}

async function run(
  context: Context,
  {
    execution,
    live,
    action,
    input,
  }: { execution: ExecuteAction; live: LiveInstall; action: CompiledAction; input: Record<string, unknown> },
): Promise<RunOutcome> {
  try {
    return await runSteps(
      action.steps,
      await runContextOf(context, { subdomain: execution.actor.subdomain, live, input }),
      effectsFor(context, execution.actor.workspaceId, callBudget(live, priorityOf(execution.actor))),
      {
        deadlineMs: execution.deadlineMs ?? ACTION_DEADLINE_MS,
        allowHttp: allowsHttp(context),
      },
    )
  } catch (error) {
    if (error instanceof MiniAppError) return failed(error)
    throw error
  }
}

function takeSlot(
  context: Context,
  { actor, appNs, rateLimit = ACTION_RATE_LIMIT }: ExecuteAction,
): Promise<Taken> | Taken {
  const { limit, windowMs } = rateLimit
  const key = `action:${actor.kind}:${actor.id}:${appNs}`
  return context.rateLimit.take({ workspaceId: actor.workspaceId, key, limit, windowMs })
}

function limited(
  { appNs, rateLimit = ACTION_RATE_LIMIT }: ExecuteAction,
  slot: Extract<Taken, { ok: false }>,
): MiniAppError {
  const seconds = Math.ceil(slot.retryAfterMs / 1000)
  return new MiniAppError(
    'RATE_LIMITED',
    `More than ${rateLimit.limit} actions of "${appNs}" in ${rateLimit.windowMs / 1000} s. Try again in ${seconds} s.`,
    { details: { retryAfterMs: slot.retryAfterMs } },
  )
}

const failed = (error: MiniAppError): RunOutcome => ({ ok: false, data: {}, outputs: {}, error, steps: [] })

function actionNotFound(
  live: LiveInstall,
  { appNs, actionName, allowedActions }: ExecuteAction,
): MiniAppError {
  const names = [...live.compiled.actions.keys()].filter((name) => allowedActions?.includes(name) !== false)
  const list = names.length > 0 ? ` Its actions are: ${names.join(', ')}.` : ''
  return new MiniAppError('ACTION_NOT_FOUND', `"${appNs}" has no action "${actionName}".${list}`)
}

function invalidInput(fields: { path: string; message: string }[]): MiniAppError {
  const [first] = fields
  const rest = fields.length > 1 ? ` (and ${fields.length - 1} more)` : ''
  return new MiniAppError(
    'VALIDATION_ERROR',
    `The input does not fit: ${first?.message ?? 'it is not an object'}${rest}`,
    {
      details: { fields },
    },
  )
}

export function actionError(error: MiniAppError): ActionError {
  const { code, message, retryable, details } = error
  return {
    code,
    message,
    retryable,
    details: { ...details, ...(error.path !== undefined && { path: error.path }) },
  }
}

/** @returns the error to answer with where the record could not be committed */
async function keepRecord(
  context: Context,
  {
    execution,
    live,
    outcome,
    runId,
    startedAt,
  }: Attempt & { execution: ExecuteAction; runId: string; startedAt: number },
): Promise<MiniAppError | undefined> {
  const { actor } = execution
  const error = outcome.error && { ...actionError(outcome.error) }
  try {
    await recordRun(context, {
      workspaceId: actor.workspaceId,
      id: runId,
      createdAt: uuidTime(runId),
      ns: live.install.ns,
      version: live.compiled.version,
      action: execution.actionName,
      actorKind: actor.kind,
      actorId: actor.id,
      status: outcome.ok ? 'succeeded' : 'failed',
      errorCode: error?.code ?? null,
      durationMs: Math.max(0, Math.round(context.now() - startedAt)),
      requestId: execution.requestId,
      record: storableText(JSON.stringify({ steps: outcome.steps, error: error ?? null })),
    })
    return undefined
  } catch (cause) {
    const ran = outcome.steps.length > 0
    const failure = new MiniAppError(
      'INTERNAL_ERROR',
      ran
        ? 'The action ran at the provider, but its run record could not be stored. Look at the provider before running it again.'
        : 'The run record could not be stored. Nothing was sent to the provider; try again.',
      { retryable: !ran, details: { ran }, cause },
    )
    return explained(failure, { part: { action: execution.actionName }, steps: [] })
  }
}

function logExecution(
  context: Context,
  execution: ExecuteAction,
  { startedAt, status, cause }: { startedAt: number; status: string; cause?: unknown },
): void {
  const level = status === 'INTERNAL_ERROR' ? 'error' : 'info'
  context.log[level]('action.executed', {
    requestId: execution.requestId,
    workspaceId: execution.actor.workspaceId,
    ns: execution.appNs,
    action: execution.actionName,
    actor: execution.actor.kind,
    status,
    durationMs: Math.round(context.now() - startedAt),
    ...(cause !== undefined && { error: cause }),
  })
}
