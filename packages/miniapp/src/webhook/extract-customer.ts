import type { FieldRule, WebhookDefinition } from '../document.ts'
import {
  type ComputeCall,
  type ComputedValues,
  compileRecordMapping,
  type MappingNote,
} from '../expression/mapping.ts'
import { type Rec, readOwn } from '../expression/own.ts'
import { parsePath } from '../expression/rule-origin.ts'
import { readRecord } from '../record/read-record.ts'
import { under } from '../schema/pointer.ts'

/** Whom an event is about (specification 5.5). Only filled fields are there: the others say nothing of a known customer. */
export interface Customer {
  code?: string
  primaryEmail?: string
  primaryPhone?: string
  /** All known fields, these three included. */
  data: Rec
  extra: Rec
}

export interface CustomerOutcome {
  /** Absent where the payload has neither code nor e-mail nor phone: the event goes on without. */
  customer?: Customer
  /** What could not be read, of a customer or of none. */
  notes: MappingNote[]
}

export interface CompiledCustomer {
  computeCalls(payload: unknown): ComputeCall[]
  /** Never throws. */
  extract(payload: unknown, computed?: ComputedValues): CustomerOutcome
}

const POINTER = '/webhook/customerExtraction'
const CONTENT_TYPE = 'core:customer'
const IDENTITY = ['code', 'primaryEmail', 'primaryPhone'] as const

/**
 * Compiles `webhook.customerExtraction`: how the customer of an event is read, `undefined` where it is not.
 *
 * @throws DefinitionError where a path does not parse
 */
export function compileCustomerExtraction(
  webhook: WebhookDefinition | null | undefined,
): (event: string | undefined) => CompiledCustomer | undefined {
  const definition = webhook?.customerExtraction
  if (definition === undefined) return () => undefined
  const { basePath, mapping, overrides = {} } = definition
  const usual = compileCustomer({ basePath, mapping, pointer: POINTER })
  const own = new Map(
    Object.entries(overrides).map(([event, override]) => [
      event,
      compileCustomer({
        basePath: override.basePath ?? basePath,
        mapping: override.mapping ?? mapping,
        pointer: under(POINTER, 'overrides', event),
      }),
    ]),
  )
  return (event) => (event === undefined ? usual : (own.get(event) ?? usual))
}

function compileCustomer({
  basePath,
  mapping,
  pointer,
}: {
  basePath: string | undefined
  mapping: Readonly<Record<string, FieldRule>>
  pointer: string
}): CompiledCustomer {
  const at = under(pointer, 'mapping')
  const rules = compileRecordMapping(mapping, at)
  const base = basePath ? parsePath(basePath, under(pointer, 'basePath')) : undefined
  const baseOf = (payload: unknown) => {
    const found = base === undefined ? payload : base.read(payload)
    // `undefined` would stand for the root.
    return found === undefined ? null : found
  }
  return {
    computeCalls: (payload) => rules.computeCalls(payload, baseOf(payload)),
    extract: (payload, computed) => {
      const { record, errors } = rules.apply(payload, baseOf(payload), computed)
      const read = readRecord(CONTENT_TYPE, record, at)
      const notes = [...errors, ...read.errors, ...read.notes]
      const data = { state: 'customer', ...filled(read.data) }
      const identity = IDENTITY.flatMap((name) => {
        const value = readOwn(data, name)
        return typeof value === 'string' ? [[name, value] as const] : []
      })
      if (identity.length === 0) return { notes }
      return { customer: { ...Object.fromEntries(identity), data, extra: filled(read.extra) }, notes }
    },
  }
}

function filled(values: Rec): Rec {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== ''))
}
