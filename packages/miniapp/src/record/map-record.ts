import type { FieldRule, SyncDefinition } from '../document.ts'
import { DefinitionError } from '../expression/definition-error.ts'
import {
  type ComputeCall,
  type ComputedValues,
  compileRecordMapping,
  type MappingNote,
} from '../expression/mapping.ts'
import { isObject, type Rec, readOwn } from '../expression/own.ts'
import type { CompiledPath } from '../expression/path.ts'
import { parsePath } from '../expression/rule-origin.ts'
import { under } from '../schema/pointer.ts'
import { readRecord } from './read-record.ts'
import { CONTENT_TYPES } from './record-fields.ts'

export type Operation = 'create' | 'update' | 'upsert' | 'delete'

/** A record as it is stored (specification 6.6). */
export interface MappedRecord {
  contentType: string
  /** The stable id at the provider. */
  code: string
  /** Known fields. Absent: left as it is on an existing record; `null`: cleared. */
  data: Rec
  extra: Rec
}

export type RecordOutcome =
  | { ok: true; record: MappedRecord; notes: MappingNote[] }
  /** Final: the same payload never maps. */
  | { ok: false; errors: MappingNote[] }

export interface CompiledRecord {
  contentType: string
  /** The function calls that `map` needs the results of. */
  computeCalls(payload: unknown): ComputeCall[]
  /** Never throws. */
  map(payload: unknown, computed?: ComputedValues): RecordOutcome
  /** The code alone, for the order of events; `undefined` where there is none yet, because a function makes it. */
  codeOf(payload: unknown): string | undefined
}

export interface CompiledHandler extends CompiledRecord {
  operation: Operation
}

type Handler = NonNullable<NonNullable<SyncDefinition['webhooks']>['handlers']>[string]
type Resource = NonNullable<SyncDefinition['resources']>[string]

/**
 * Compiles a realtime handler of either dialect (specification 6.5).
 *
 * @throws DefinitionError where a path does not parse or the resource does not exist
 */
export function compileHandler(handler: Handler, sync: SyncDefinition, pointer: string): CompiledHandler {
  if (!('resource' in handler)) {
    const { recordType, operation, mapping } = handler
    const site = { contentType: CONTENT_TYPES[recordType], pointer: under(pointer, 'mapping') }
    return { operation, ...compileRecord(mapping, site) }
  }
  const resource = readOwn(sync.resources, handler.resource) as Resource | undefined
  if (resource === undefined)
    throw new DefinitionError(under(pointer, 'resource'), `there is no resource "${handler.resource}"`)
  const at =
    handler.dataPath === undefined ? undefined : parsePath(handler.dataPath, under(pointer, 'dataPath'))
  const record = compileRecord(resource.apiMapping, {
    contentType: resource.contentType,
    pointer: under('/sync/resources', handler.resource, 'apiMapping'),
    itemAt: at,
  })
  return { operation: handler.operation, ...record }
}

/** What `apiMapping` or a handler's mapping makes of a payload. */
export function compileRecord(
  rules: Readonly<Record<string, FieldRule>>,
  {
    contentType,
    pointer,
    itemAt,
  }: { contentType: string; pointer: string; itemAt?: CompiledPath | undefined },
): CompiledRecord {
  const mapping = compileRecordMapping(rules, pointer)
  const codeRule = readOwn(rules, 'code') as FieldRule | undefined
  const code = codeRule === undefined ? undefined : compileRecordMapping({ code: codeRule }, pointer)
  const dropMissing = compileMissing(rules, pointer)
  const itemOf = (payload: unknown) => (itemAt === undefined ? payload : itemAt.read(payload))
  return {
    contentType,
    computeCalls: (payload) => mapping.computeCalls(itemOf(payload)),
    codeOf: (payload) => {
      const item = itemOf(payload)
      if (code === undefined || code.computeCalls(item).length > 0) return undefined
      const found = readRecord(contentType, code.apply(item).record, pointer).data['code']
      return typeof found === 'string' ? found : undefined
    },
    map: (payload, computed) => {
      const item = itemOf(payload)
      if (itemAt !== undefined && !isObject(item))
        return refused(`there is no object at ${itemAt.source}`, 'code', pointer)
      const { record, errors } = mapping.apply(item, item, computed)
      const read = readRecord(contentType, dropMissing(record, item), pointer)
      const all = [...errors, ...read.errors]
      if (all.length > 0) return { ok: false, errors: all }
      const found = read.data['code']
      if (typeof found !== 'string')
        return refused('the payload has no value for it', 'code', under(pointer, 'code'))
      return {
        ok: true,
        record: { contentType, code: found, data: read.data, extra: read.extra },
        notes: read.notes,
      }
    },
  }
}

function refused(reason: string, field: string, pointer: string): RecordOutcome {
  return {
    ok: false,
    errors: [{ field, pointer, message: `There is no record without "${field}": ${reason}` }],
  }
}

/**
 * A transform may make `null` of a missing path, and such a `null` clears nothing (specification 6.5): fields whose paths
 * all select nothing are taken out.
 */
function compileMissing(
  rules: Readonly<Record<string, FieldRule>>,
  pointer: string,
): (record: Rec, item: unknown) => Rec {
  const sources = Object.entries(rules).flatMap(([field, rule]) => {
    if (!isObject(rule) || readOwn(rule, 'transform') === undefined) return []
    const paths = [readOwn(rule, 'paths') ?? readOwn(rule, 'path') ?? []].flat() as string[]
    return paths.length === 0
      ? []
      : [{ field, paths: paths.map((path) => parsePath(path, under(pointer, field))) }]
  })
  return (record, item) => {
    const missing = sources.filter(
      ({ field, paths }) =>
        readOwn(record, field) === null && paths.every((path) => path.read(item) === undefined),
    )
    if (missing.length === 0) return record
    const names = new Set(missing.map(({ field }) => field))
    return Object.fromEntries(Object.entries(record).filter(([name]) => !names.has(name)))
  }
}
