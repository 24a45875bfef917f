import type { FieldRule, ResponseMapping, RuleObject } from '../document.ts'
import { isRecord } from '../schema/branch.ts'
import { under } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import { SINGLE_AUTH_REQUESTS, type Survey } from './survey.ts'

/** A path of the document with what it is for. */
interface PathSite {
  pointer: string
  path: string
}

/** A rule object, wherever it stands. */
interface RuleSite {
  pointer: string
  rule: RuleObject
}

/** A path that reads a header, and whether it reads one of an inbound webhook. */
interface HeaderSite {
  pointer: string
  header: string
  isInbound: boolean
}

export interface MappingSites {
  paths: PathSite[]
  rules: RuleSite[]
  headers: HeaderSite[]
  /** Texts of response mappings that are no paths: they are taken as they are. */
  literals: PathSite[]
}

/** Every path, rule and header name of the document that reads a payload. */
export function mappingSites(survey: Survey): MappingSites {
  const sites: MappingSites = { paths: [], rules: [], headers: [], literals: [] }
  const collect = collector(survey, sites)
  collectSteps(survey, collect)
  collectExpiryRules(survey, collect)
  collectSources(survey, collect)
  collectWebhook(survey, collect)
  collectSync(survey, collect)
  return sites
}

interface Collect {
  path(pointer: string, path: string | undefined): void
  response(pointer: string, mapping: ResponseMapping | undefined): void
  record(pointer: string, rules: Record<string, FieldRule> | undefined): void
  /** A place of `{ source, path }`. */
  inbound(pointer: string, place: { source: string; path: string } | undefined): void
}

function collector(survey: Survey, sites: MappingSites): Collect {
  const path = (pointer: string, text: string | undefined) => {
    if (text !== undefined) sites.paths.push({ pointer, path: text })
  }
  const ruleObject = (pointer: string, rule: RuleObject) => {
    sites.rules.push({ pointer, rule })
    const at = under(pointer, 'path')
    if (rule.source === 'header')
      sites.headers.push({ pointer: at, header: rule.path ?? '', isInbound: false })
    else path(at, rule.path)
    rule.paths?.forEach((one, index) => {
      path(under(pointer, 'paths', index), one)
    })
    record(under(pointer, 'fields'), rule.fields)
    record(under(pointer, 'args'), rule.args)
  }
  const record: Collect['record'] = (pointer, rules) => {
    for (const [name, rule] of Object.entries(rules ?? {})) {
      if (typeof rule === 'string') path(under(pointer, name), rule)
      else if (isRecord(rule)) ruleObject(under(pointer, name), rule)
    }
  }
  const responseValue = (pointer: string, value: unknown) => {
    if (!survey.isIntact(pointer)) return
    if (isRecord(value)) ruleObject(pointer, value)
    else if (typeof value === 'string' && value.startsWith('$')) path(pointer, value)
    else if (typeof value === 'string') sites.literals.push({ pointer, path: value })
  }
  return {
    path,
    record,
    response: (pointer, mapping) => {
      if (Array.isArray(mapping)) {
        mapping.forEach((entry, index) => {
          responseValue(under(pointer, index, 'value'), childValue(entry, 'value'))
        })
        return
      }
      for (const [name, value] of Object.entries(mapping ?? {})) responseValue(under(pointer, name), value)
    },
    inbound: (pointer, place) => {
      const at = under(pointer, 'path')
      if (place?.source === 'header') sites.headers.push({ pointer: at, header: place.path, isInbound: true })
      if (place?.source === 'body') path(at, place.path)
    },
  }
}

function collectSteps(survey: Survey, collect: Collect): void {
  const { auth } = survey
  const requests = [
    ...SINGLE_AUTH_REQUESTS.map((name) => auth.single[name]),
    ...auth.registrationRequests,
    ...auth.unregistrationRequests,
    ...survey.actions.flatMap((action) => action.steps),
  ]
  for (const { pointer, value } of requests) {
    if (value === undefined || value.type === 'function') continue
    collect.response(under(pointer, 'mapping'), value.mapping)
    collect.path(under(pointer, 'when', 'path'), value.when?.path)
    collect.path(under(pointer, 'errorWhen', 'path'), value.errorWhen?.path)
    collect.path(under(pointer, 'errorWhen', 'message'), value.errorWhen?.message)
  }
}

function collectExpiryRules({ auth }: Survey, collect: Collect): void {
  auth.expiredWhen?.forEach(({ path }, index) => {
    collect.path(under('/auth/expiredWhen', index, 'path'), path)
  })
}

function collectSources(survey: Survey, collect: Collect): void {
  for (const { pointer, value } of survey.sources.values()) {
    if (value === undefined) continue
    collect.path(under(pointer, 'dataPath'), filled(value.dataPath))
    collect.path(under(pointer, 'valueField'), value.valueField)
    collect.path(under(pointer, 'labelField'), value.labelField)
    collect.path(under(pointer, 'errorWhen', 'path'), value.errorWhen?.path)
    collect.path(under(pointer, 'errorWhen', 'message'), value.errorWhen?.message)
    for (const [name, path] of Object.entries(value.valueFields ?? {}))
      collect.path(under(pointer, 'valueFields', name), path)
    collectPagination(under(pointer, 'pagination'), value.pagination, collect)
  }
}

function collectPagination(pointer: string, pagination: unknown, collect: Collect): void {
  if (!isRecord(pagination)) return
  for (const name of ['cursorPath', 'hasMorePath', 'nextUrlPath']) {
    const path = pagination[name]
    if (typeof path === 'string') collect.path(under(pointer, name), path)
  }
}

function collectWebhook(survey: Survey, collect: Collect): void {
  const { pointer, value } = survey.webhook
  if (value === undefined) return
  const { eventExtraction: event, transactionId: id, customerExtraction: customer } = value
  const at = under(pointer, 'eventExtraction')
  if (event && !event.compositeStrategy) collect.inbound(at, event)
  collect.inbound(under(at, 'fallback'), event?.fallback)
  event?.compositeStrategy?.parts.forEach((part, index) => {
    collect.inbound(under(at, 'compositeStrategy', 'parts', index), part)
  })
  const idPath = (place: string, path: string | { source: string; path: string } | undefined) =>
    typeof path === 'string' ? collect.path(place, path) : collect.inbound(place, path)
  const idAt = under(pointer, 'transactionId')
  idPath(under(idAt, 'path'), id?.path)
  id?.paths?.forEach((path, index) => {
    idPath(under(idAt, 'paths', index), path)
  })
  for (const [name, override] of Object.entries(id?.overrides ?? {})) {
    override.paths.forEach((path, index) => {
      idPath(under(idAt, 'overrides', name, 'paths', index), path)
    })
  }
  collect.path(under(pointer, 'challengeResponse', 'challengePath'), value.challengeResponse?.challengePath)
  collect.path(under(pointer, 'merchantExtraction', 'path'), value.merchantExtraction?.path)
  const customerAt = under(pointer, 'customerExtraction')
  collect.path(under(customerAt, 'basePath'), filled(customer?.basePath))
  collect.record(under(customerAt, 'mapping'), customer?.mapping)
  for (const [name, override] of Object.entries(customer?.overrides ?? {})) {
    collect.path(under(customerAt, 'overrides', name, 'basePath'), filled(override.basePath))
    collect.record(under(customerAt, 'overrides', name, 'mapping'), override.mapping)
  }
}

function collectSync({ sync: { pointer, value } }: Survey, collect: Collect): void {
  for (const [key, resource] of Object.entries(value?.resources ?? {})) {
    const at = under(pointer, 'resources', key)
    const { dataProperty, totalProperty, detailsProperty } = resource.responseMapping ?? {}
    collect.path(under(at, 'responseMapping', 'dataProperty'), filled(dataProperty))
    collect.path(under(at, 'responseMapping', 'totalProperty'), totalProperty)
    collect.path(under(at, 'responseMapping', 'detailsProperty'), detailsProperty)
    collect.path(under(at, 'incremental', 'field'), resource.incremental?.field)
    collectPagination(under(at, 'pagination'), resource.pagination, collect)
    collect.record(under(at, 'apiMapping'), resource.apiMapping)
  }
  for (const [event, handler] of Object.entries(value?.webhooks?.handlers ?? {})) {
    const at = under(pointer, 'webhooks', 'handlers', event)
    if ('resource' in handler) collect.path(under(at, 'dataPath'), handler.dataPath)
    else collect.record(under(at, 'mapping'), handler.mapping)
  }
}

/** `""` means the root where a path is optional. */
function filled(path: string | undefined): string | undefined {
  return path === '' ? undefined : path
}
