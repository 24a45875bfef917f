/** One attempt at one event: its stages, each at most once in effect (specification 5.5). */
import { parseBody } from 'miniapp/webhook'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import type { WebhookStatus } from '../db/webhook-schema.ts'
import { publicError } from '../errors.ts'
import { findLiveInstall } from '../install/live-install.ts'
import { RecordRefusedError } from '../record/record-event.ts'
import { announceEvent } from './announce.ts'
import { decodeDelivery } from './decode-delivery.ts'
import { webhookOf } from './receiver.ts'
import { STAGE_NAMES, STAGES, type Stage, type StageDetail, type StageName, type Work } from './stages.ts'
import { type ClaimedEvent, type Outcome, saveProgress } from './store.ts'

/** Milliseconds until the next attempt after the first, the second and so on: an hour together (specification 5.5). */
export const RETRY_AFTER_MS = [60_000, 4 * 60_000, 15 * 60_000, 40 * 60_000] as const
export const MAX_ATTEMPTS = RETRY_AFTER_MS.length + 1

interface EventError {
  code: string
  message: string
}

/** What the event log shows of a stage. */
export interface StageRecord {
  stage: StageName
  status: 'done' | 'skipped' | 'failed'
  /** ISO 8601. */
  at: string
  durationMs: number
  detail?: StageDetail
  error?: EventError
}

/** Somebody else has taken the event, because this process was silent for too long: nothing more may happen here. */
export class ClaimLostError extends Error {}

/** Never rejects because of the event. @throws the error of the database where the outcome could not be stored */
export async function processEvent(context: Context, claim: ClaimedEvent): Promise<void> {
  const startedAt = context.now()
  const stages = JSON.parse(claim.stages) as StageRecord[]
  const progress = await attempt(context, claim, stages)
  if (progress === undefined) return
  await saveProgress(context.db.sql, claim, { ...progress, stages: JSON.stringify(stages) })
  tellOfAttempt(context, claim, { status: progress.status, startedAt })
}

/** What happens after each attempt, once its outcome is stored. */
export function tellOfAttempt(
  context: Context,
  claim: ClaimedEvent,
  { status, startedAt }: { status: WebhookStatus; startedAt: number },
): void {
  announceEvent(context, claim)
  const { workspaceId, ns, id: eventId } = claim
  const durationMs = context.now() - startedAt
  context.log.info('webhook.processed', { workspaceId, ns, eventId, status, durationMs })
}

async function attempt(
  context: Context,
  claim: ClaimedEvent,
  stages: StageRecord[],
): Promise<Outcome | undefined> {
  try {
    if (claim.attempts > MAX_ATTEMPTS) return failed(context, GAVE_UP)
    const work = await workOf(context, claim)
    if ('error' in work) return failed(context, work.error)
    await runStages(context, work, stages)
    return outcomeOf(context, stages)
  } catch (error) {
    if (error instanceof ClaimLostError) return undefined
    const { workspaceId, ns, id: eventId } = claim
    context.log.error('webhook.processed', { workspaceId, ns, eventId, error })
    const { code, message } = publicError(error, isRetryable)
    const delayMs = RETRY_AFTER_MS[claim.attempts - 1]
    if (delayMs === undefined) return failed(context, { code, message })
    const dueAt = new Date(context.now() + delayMs)
    return { status: 'received', dueAt, error: JSON.stringify({ code, message }) }
  }
}

/** Of an event whose stages are all settled. */
export function outcomeOf(context: Context, stages: readonly StageRecord[]): Outcome {
  const error = stages.find(({ status }) => status === 'failed')?.error
  if (error !== undefined) return failed(context, error)
  return { status: 'processed', dueAt: null, error: null, processedAt: new Date(context.now()) }
}

const GAVE_UP = {
  code: 'INTERNAL_SERVER_ERROR',
  message: 'The server ended each time while it processed this event.',
}

export function failed(context: Context, error: EventError): Outcome {
  const processedAt = new Date(context.now())
  return { status: 'failed', dueAt: null, error: JSON.stringify(error), processedAt }
}

/** The version that the workspace has now: an event may have waited for long, or come again. */
export async function workOf(context: Context, claim: ClaimedEvent): Promise<Work | { error: EventError }> {
  const live = await findLiveInstall(context, claim)
  const webhook = live && webhookOf(live.compiled)
  if (live === undefined || webhook === undefined) {
    const message = `"${claim.ns}" is not installed any more, or its version takes no webhooks.`
    return { error: { code: 'NOT_INSTALLED', message } }
  }
  const headers = JSON.parse(claim.headers) as Record<string, string>
  const decoded = await decodeDelivery({ headers, rawBody: claim.body }, context.config.maxWebhookBytes)
  if (decoded === 'too-large') {
    return {
      error: { code: 'PAYLOAD_TOO_LARGE', message: 'The body is larger than `MAX_WEBHOOK_BYTES` by now.' },
    }
  }
  const parsed = decoded.ok ? parseBody(decoded) : decoded
  if (!parsed.ok) return { error: { code: 'BAD_USER_INPUT', message: parsed.reason } }
  const customerId = claim.customerId ?? undefined
  return { claim, definition: live.compiled.definition, webhook, payload: parsed.body, customerId }
}

/** Those that an earlier attempt of this round has settled are left out. */
async function runStages(context: Context, work: Work, stages: StageRecord[]): Promise<void> {
  for (const stage of STAGE_NAMES) {
    if (stages.some((settled) => settled.stage === stage)) continue
    const settle = settling(context, stage)
    const decision = await STAGES[stage].decide(context, work)
    if (decision === undefined) continue
    if (decision.status !== 'ready') {
      stages.push(settle(decision))
      continue
    }
    stages.push(await applyStage(context, { work, stages, stage, settle, plan: decision.plan }))
  }
}

export type Settle = (outcome: Pick<StageRecord, 'status' | 'detail' | 'error'>) => StageRecord

/** Begins a stage. @returns what is to be called at its end */
export function settling(context: Context, stage: StageName): Settle {
  const startedAt = context.now()
  const at = new Date(startedAt).toISOString()
  return (outcome) => ({ stage, at, durationMs: context.now() - startedAt, ...outcome })
}

interface Applying {
  work: Work
  stages: readonly StageRecord[]
  stage: StageName
  settle: Settle
  plan: unknown
}

/** The effect of a stage and that it was settled are one transaction: neither happens without the other. */
async function applyStage(
  context: Context,
  { work, stages, stage: name, settle, plan }: Applying,
): Promise<StageRecord> {
  const { claim } = work
  const stage: Stage = STAGES[name]
  const applyAndSettle = () =>
    context.db.transaction(async (trx) => {
      const [detail = {}] = await stage.apply(context, trx, [{ work, plan }])
      const settled = settle({ status: 'done', detail })
      const customerId = detail.customerId ?? work.customerId ?? null
      const progress = { stages: JSON.stringify([...stages, settled]), customerId }
      if (!(await saveProgress(trx, claim, progress))) throw new ClaimLostError()
      if (detail.customerId !== undefined) work.customerId = detail.customerId
      return settled
    })
  try {
    const done = await retryCollisions(applyAndSettle)
    stage.applied?.(context, { work, plan })
    return done
  } catch (error) {
    if (!(error instanceof RecordRefusedError)) throw error
    return settle({ status: 'failed', error: { code: 'MAPPING_FAILED', message: error.message } })
  }
}
