/**
 * First attempts at several events of an app in one transaction: what costs a dozen statements and four commits an event
 * costs that a batch. Whatever is not plain goes one by one (`process-event.ts`), which tells whose fault it is and keeps
 * each stage that is done.
 */
import type { Context } from '../context.ts'
import { isSerializationFailure } from '../db/error.ts'
import { inParallel } from '../jobs/in-parallel.ts'
import { RecordRefusedError } from '../record/record-event.ts'
import {
  ClaimLostError,
  failed,
  outcomeOf,
  processEvent,
  type Settle,
  type StageRecord,
  settling,
  tellOfAttempt,
  workOf,
} from './process-event.ts'
import { type Planned, STAGE_NAMES, STAGES, type Stage, type StageName, type Work } from './stages.ts'
import { type ClaimedEvent, type Outcome, settleEvents } from './store.ts'

/** Events whose payloads are looked at, or that are processed one by one, at the same time. */
const EVENTS_AT_ONCE = 3

/** An event of which all is decided and nothing applied. */
interface Draft {
  claim: ClaimedEvent
  /** Undefined: it has failed before its first stage. */
  work: Work | undefined
  /** In the order of the stages; those that are `ready` are settled when they are applied. */
  stages: { stage: StageName; settle: Settle; plan: unknown; settled?: StageRecord }[]
  outcome: Outcome | undefined
}

/**
 * Processes events of one workspace, no two with one ordering key.
 * @throws the error of the database where an outcome could not be stored
 */
export async function processEvents(context: Context, claims: readonly ClaimedEvent[]): Promise<void> {
  const { plain = [], other: left = [] } = Object.groupBy(claims, (claim) =>
    claim.attempts === 1 && claim.stages === '[]' ? 'plain' : 'other',
  )
  for (const group of Object.values(Object.groupBy(plain, ({ ns }) => ns))) {
    left.push(...(group === undefined ? [] : await processTogether(context, group)))
  }
  await inParallel(left, EVENTS_AT_ONCE, (claim) => processEvent(context, claim))
}

/** @returns those about which nothing was done */
async function processTogether(context: Context, claims: ClaimedEvent[]): Promise<ClaimedEvent[]> {
  if (claims.length === 1) return claims
  const startedAt = context.now()
  const drafts = new Map<ClaimedEvent, Draft>()
  await inParallel(claims, EVENTS_AT_ONCE, async (claim) => {
    const draft = await draftOf(context, claim).catch(() => undefined)
    if (draft) drafts.set(claim, draft)
  })
  // In the order of their arrival, whichever was decided first.
  const decided = claims.flatMap((claim) => drafts.get(claim) ?? [])
  try {
    if (decided.length > 0) await applyDrafts(context, decided)
  } catch (error) {
    const { workspaceId, ns } = claims[0] as ClaimedEvent
    if (!isExpected(error))
      context.log.warn('webhook.processed', { workspaceId, ns, status: 'one-by-one', error })
    return claims
  }
  for (const { claim, work, stages, outcome } of decided) {
    for (const { stage, settled, plan } of stages) {
      if (work && settled?.status === 'done') (STAGES[stage] as Stage).applied?.(context, { work, plan })
    }
    if (outcome) tellOfAttempt(context, claim, { status: outcome.status, startedAt })
  }
  return claims.filter((claim) => !drafts.has(claim))
}

/** What one of the events, or somebody beside them, is the reason for: it is told of when that event is tried alone. */
function isExpected(error: unknown): boolean {
  return (
    error instanceof RecordRefusedError || error instanceof ClaimLostError || isSerializationFailure(error)
  )
}

async function draftOf(context: Context, claim: ClaimedEvent): Promise<Draft> {
  const work = await workOf(context, claim)
  if ('error' in work) return { claim, work: undefined, stages: [], outcome: failed(context, work.error) }
  const stages: Draft['stages'] = []
  for (const stage of STAGE_NAMES) {
    const settle = settling(context, stage)
    const decision = await STAGES[stage].decide(context, work)
    if (decision === undefined) continue
    stages.push(
      decision.status === 'ready'
        ? { stage, settle, plan: decision.plan }
        : { stage, settle, plan: undefined, settled: settle(decision) },
    )
  }
  return { claim, work, stages, outcome: undefined }
}

async function applyDrafts(context: Context, drafts: readonly Draft[]): Promise<void> {
  await context.db.transaction(async (trx) => {
    for (const name of STAGE_NAMES) {
      const ready = drafts.flatMap(({ work, stages }) => {
        const one = stages.find(({ stage, settled }) => stage === name && settled === undefined)
        return work && one ? [{ work, one }] : []
      })
      if (ready.length === 0) continue
      const planned = ready.map(({ work, one }): Planned => ({ work, plan: one.plan }))
      const details = await (STAGES[name] as Stage).apply(context, trx, planned)
      for (const [index, { work, one }] of ready.entries()) {
        const detail = details[index] ?? {}
        one.settled = one.settle({ status: 'done', detail })
        work.customerId = detail.customerId ?? work.customerId
      }
    }
    const settled = drafts.map((draft) => settledOf(context, draft))
    const workspaceId = drafts[0]?.claim.workspaceId ?? ''
    if ((await settleEvents(trx, workspaceId, settled)) < settled.length) throw new ClaimLostError()
  })
}

function settledOf(context: Context, draft: Draft) {
  const stages = draft.stages.flatMap(({ settled }) => settled ?? [])
  draft.outcome ??= outcomeOf(context, stages)
  const { workspaceId, id, createdAt, round, attempts, customerId } = draft.claim
  return {
    ...{ workspaceId, id, createdAt, round, attempts },
    ...draft.outcome,
    stages: JSON.stringify(stages),
    customerId: draft.work?.customerId ?? customerId ?? undefined,
  }
}
