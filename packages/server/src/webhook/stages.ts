/** The stages of an event (specification 5.5): what each decides from the payload, and what it then changes. */
import type { Transaction } from 'kysely'
import type { Definition } from 'miniapp'
import type { CompiledWebhook } from 'miniapp/webhook'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { forgetInstall } from '../install/live-install.ts'
import { disconnectByProvider } from '../install/remove.ts'
import { applyCustomer } from '../record/apply-customer.ts'
import { applyRecord } from '../record/apply-record.ts'
import { computeValues } from './compute-values.ts'
import { type ClaimedEvent, insertFirings } from './store.ts'

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
export type Decision =
  | { status: 'skipped'; detail: StageDetail }
  | { status: 'failed'; error: { code: string; message: string } }
  | {
      status: 'ready'
      apply(trx: Transaction<Schema>): Promise<StageDetail>
      /** After the commit. */
      applied?(detail: StageDetail): void
    }

/** `undefined`: the app has no such stage. */
type Stage = (context: Context, work: Work) => Decision | undefined | Promise<Decision | undefined>

/**
 * In their order. The last stage of the specification, telling, is none of them: the log is the event's own row, the outbox is
 * written by what changes customers and records, and live views are told after the last commit.
 */
export const STAGES = { customer, record, triggers, disconnect } as const satisfies Record<string, Stage>
export type StageName = keyof typeof STAGES

async function customer(context: Context, { claim, definition, webhook, payload }: Work): Promise<Decision> {
  const compiled = webhook.customerOf(claim.event)
  if (compiled === undefined) return { status: 'skipped', detail: {} }
  const computed = await computeValues(context, { claim, definition, calls: compiled.computeCalls(payload) })
  const { customer: found, notes } = compiled.extract(payload, computed)
  const told = notesOf(notes)
  if (found === undefined) return { status: 'skipped', detail: told }
  return {
    status: 'ready',
    apply: async (trx) => {
      const { effect, customerId } = await applyCustomer(context, trx, {
        ...sourceOf(claim),
        saidAt: () => claim.createdAt.getTime(),
        customer: { ...found.extra, ...found.data },
      })
      return { effect, ...(customerId !== undefined && { customerId }), ...told }
    },
  }
}

async function record(context: Context, work: Work): Promise<Decision> {
  const { claim, definition, webhook, payload, customerId } = work
  const handler = webhook.handlerOf(claim.event)
  if (handler === undefined) return { status: 'skipped', detail: {} }
  const computed = await computeValues(context, { claim, definition, calls: handler.computeCalls(payload) })
  const outcome = handler.map(payload, computed)
  if (!outcome.ok) {
    const message = outcome.errors.map((note) => note.message).join('; ')
    return { status: 'failed', error: { code: 'MAPPING_FAILED', message } }
  }
  const { contentType, code, data, extra } = outcome.record
  const { updatedAt } = data
  return {
    status: 'ready',
    apply: async (trx) => {
      const applied = await applyRecord(context, trx, {
        ...sourceOf(claim),
        record: {
          contentType,
          operation: handler.operation,
          code,
          fields: data,
          extra,
          ...(typeof updatedAt === 'string' && { updatedAt: new Date(updatedAt) }),
          ...(customerId !== undefined && { customerId }),
        },
      })
      const { effect, recordId } = applied
      return { effect, ...(recordId !== undefined && { recordId }), ...notesOf(outcome.notes) }
    },
  }
}

/** What automations of this event are started by; that they are is up to whoever runs automations. */
function triggers(context: Context, { claim, definition }: Work): Decision {
  const types = new Set(
    (definition.triggers ?? []).filter(({ event }) => event === claim.event).map(({ type }) => type),
  )
  if (types.size === 0) return { status: 'skipped', detail: {} }
  const { workspaceId, createdAt, id: eventId, round, event, ns } = claim
  const firedAt = new Date(context.now())
  return {
    status: 'ready',
    apply: async (trx) => {
      await insertFirings(
        trx,
        [...types].map((type) => ({ workspaceId, createdAt, eventId, round, type, event, ns, firedAt })),
      )
      return { triggers: [...types] }
    },
  }
}

/** The app was removed at the provider (`uninstallEvents`). */
function disconnect(context: Context, { claim, webhook }: Work): Decision | undefined {
  if (!webhook.uninstallEvents.has(claim.event)) return undefined
  const { workspaceId, ns, createdAt: at } = claim
  return {
    status: 'ready',
    apply: async (trx) => ({
      effect: (await disconnectByProvider(context, trx, { workspaceId, ns, at })) ? 'disconnected' : 'none',
    }),
    applied: ({ effect }) => {
      if (effect === 'none') return
      forgetInstall(context, { workspaceId, ns })
      context.log.info('install.disconnected', { workspaceId, ns })
    },
  }
}

function sourceOf({ workspaceId, ns, id }: ClaimedEvent) {
  return { workspaceId, ns, source: { ns, event: id } }
}

function notesOf(notes: readonly { message: string }[]): StageDetail {
  return notes.length === 0 ? {} : { notes: notes.map(({ message }) => message) }
}
