/** The stages of an event (specification 5.5): what each decides from the payload, and what it then changes. */
import type { Transaction } from 'kysely'
import type { Definition } from 'miniapp'
import type { CompiledWebhook } from 'miniapp/webhook'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { forgetInstall } from '../install/live-install.ts'
import { disconnectByProvider } from '../install/remove.ts'
import type { StoredInstall } from '../install/store.ts'
import { undoBeside } from '../install/undo-beside.ts'
import { applyCustomers } from '../record/apply-customer.ts'
import { applyRecords } from '../record/apply-record.ts'
import type { RecordEvent } from '../record/record-event.ts'
import { computeValues } from './compute-values.ts'
import { insertFirings } from './insert-firings.ts'
import type { ClaimedEvent } from './store.ts'

/** An event with what its app says of it. */
export interface Work {
  claim: ClaimedEvent
  definition: Definition
  webhook: CompiledWebhook
  /** As paths see it. */
  payload: unknown
  /** Of the customer stage. */
  customerId: string | undefined
}

/** What the event log tells of a stage. */
export interface StageDetail {
  effect?: string
  customerId?: string
  recordId?: string
  /** Fields that could not be read, and the like. */
  notes?: string[]
  /** Types of the triggers that fired. */
  triggers?: string[]
}

/** What is left to do after the payload was looked at, if anything; or why it never can be done. */
export type Decision<Plan = unknown> =
  | { status: 'skipped'; detail: StageDetail }
  | { status: 'failed'; error: { code: string; message: string } }
  | { status: 'ready'; plan: Plan }

/** An event with what a stage is to do about it. */
export interface Planned<Plan = unknown> {
  work: Work
  plan: Plan
}

/** Each has plans of its own kind; whoever runs stages only hands them on. */
export interface Stage<Plan = unknown> {
  /** `undefined`: the app has no such stage. */
  decide(context: Context, work: Work): Decision<Plan> | undefined | Promise<Decision<Plan> | undefined>
  /**
   * Makes the changes of events of one workspace and app, in their order; the stages before this one are applied.
   * @returns what the event log tells of each
   */
  apply(context: Context, trx: Transaction<Schema>, planned: readonly Planned<Plan>[]): Promise<StageDetail[]>
  /** After the commit; it does not wait for what it begins. */
  applied?(context: Context, planned: Planned<Plan>): void
}

type Notes = readonly { message: string }[]

const customer: Stage<{ customer: Record<string, unknown>; notes: Notes }> = {
  async decide(context, { claim, definition, webhook, payload }) {
    const compiled = webhook.customerOf(claim.event)
    if (compiled === undefined) return { status: 'skipped', detail: {} }
    const calls = compiled.computeCalls(payload)
    const computed = await computeValues(context, { claim, definition, calls })
    const { customer: found, notes } = compiled.extract(payload, computed)
    if (found === undefined) return { status: 'skipped', detail: notesOf(notes) }
    return { status: 'ready', plan: { customer: { ...found.extra, ...found.data }, notes } }
  },
  async apply(context, trx, planned) {
    const outcomes = await applyCustomers(context, trx, {
      ...batchOf(planned),
      customers: planned.map(({ plan }) => plan.customer),
      saidAt: (place) => planned[place]?.work.claim.createdAt.getTime() ?? context.now(),
      sourceOf: (place) => sourceOf((planned[place] as Planned).work),
    })
    return outcomes.map(({ effect, customerId }, index) => ({
      effect,
      ...(customerId !== undefined && { customerId }),
      ...notesOf(planned[index]?.plan.notes ?? []),
    }))
  },
}

const record: Stage<{ record: RecordEvent; notes: Notes }> = {
  async decide(context, { claim, definition, webhook, payload }) {
    const handler = webhook.handlerOf(claim.event)
    if (handler === undefined) return { status: 'skipped', detail: {} }
    const calls = handler.computeCalls(payload)
    const outcome = handler.map(payload, await computeValues(context, { claim, definition, calls }))
    if (!outcome.ok) {
      const message = outcome.errors.map((note) => note.message).join('; ')
      return { status: 'failed', error: { code: 'MAPPING_FAILED', message } }
    }
    const { contentType, code, data, extra } = outcome.record
    const { updatedAt } = data
    const at = typeof updatedAt === 'string' && { updatedAt: new Date(updatedAt) }
    const mapped = { contentType, operation: handler.operation, code, fields: data, extra, ...at }
    return { status: 'ready', plan: { record: mapped, notes: outcome.notes } }
  },
  async apply(context, trx, planned) {
    const records = planned.map(({ work, plan }) => ({
      ...plan.record,
      source: sourceOf(work),
      ...(work.customerId !== undefined && { customerId: work.customerId }),
    }))
    const outcomes = await applyRecords(context, trx, { ...batchOf(planned), records })
    return outcomes.map(({ effect, recordId }, index) => ({
      effect,
      ...(recordId !== undefined && { recordId }),
      ...notesOf(planned[index]?.plan.notes ?? []),
    }))
  },
}

/** What automations of this event are started by; that they are is up to whoever runs automations. */
const triggers: Stage<string[]> = {
  decide(_context, { claim, definition }) {
    const fired = (definition.triggers ?? []).filter(({ event }) => event === claim.event)
    const types = new Set(fired.map(({ type }) => type))
    return types.size === 0 ? { status: 'skipped', detail: {} } : { status: 'ready', plan: [...types] }
  },
  async apply(context, trx, planned) {
    const firedAt = new Date(context.now())
    const firings = planned.flatMap(({ work, plan }) => {
      const { workspaceId, createdAt, id: eventId, round, event, ns } = work.claim
      return plan.map((type) => ({ workspaceId, createdAt, eventId, round, type, event, ns, firedAt }))
    })
    await insertFirings(trx, firings)
    return planned.map(({ plan }) => ({ triggers: plan }))
  },
}

/** The app was removed at the provider (`uninstallEvents`). `ended`: the connection that there was. */
const disconnect: Stage<{ ended?: StoredInstall | undefined }> = {
  decide(_context, { claim, webhook }) {
    return webhook.uninstallEvents.has(claim.event) ? { status: 'ready', plan: {} } : undefined
  },
  async apply(context, trx, planned) {
    const details: StageDetail[] = []
    for (const { work, plan } of planned) {
      const { workspaceId, ns, createdAt: at } = work.claim
      plan.ended = await disconnectByProvider(context, trx, { workspaceId, ns, at })
      details.push({ effect: plan.ended ? 'disconnected' : 'none' })
    }
    return details
  },
  applied(context, { plan: { ended } }) {
    if (ended === undefined) return
    const { workspaceId, ns } = ended
    forgetInstall(context, { workspaceId, ns })
    context.log.info('install.disconnected', { workspaceId, ns })
    undoBeside(context, ended)
  },
}

/**
 * In their order. The last stage of the specification, telling, is none of them: the log is the event's own row, the outbox is
 * written by what changes customers and records, and live views are told after the last commit.
 */
export const STAGES = { customer, record, triggers, disconnect } as const satisfies Record<string, Stage>
export type StageName = keyof typeof STAGES
export const STAGE_NAMES = Object.keys(STAGES) as StageName[]

/** Of events that are applied together; each has its own source besides. */
function batchOf([first]: readonly Planned[]) {
  const { work } = first as Planned
  const { workspaceId, ns } = work.claim
  return { workspaceId, ns, source: sourceOf(work) }
}

function sourceOf({ claim: { ns, id } }: Work) {
  return { ns, event: id }
}

function notesOf(notes: Notes): StageDetail {
  return notes.length === 0 ? {} : { notes: notes.map(({ message }) => message) }
}
