import type {
  ActionDefinition,
  AuthDefinition,
  DashboardApp,
  FunctionDefinition,
  FunctionStep,
  HttpStep,
  SourceDefinition,
  SyncDefinition,
  TriggerDefinition,
  WebhookDefinition,
} from '../document.ts'
import { isList, isRecord } from '../schema/branch.ts'
import { under } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import { type BrokenPlaces, createBrokenPlaces } from './broken-places.ts'

/** A part of the document with its place; `value` is absent where its shape is wrong. */
export interface Part<Value> {
  pointer: string
  value: Value | undefined
}

/** A request without the properties whose shape is wrong; single entries of its `mapping` may still be. */
export type RequestView = Partial<HttpStep>
/** A function step without the properties whose shape is wrong. */
type CallView = Partial<FunctionStep> & { type: 'function' }
export type StepView = RequestView | CallView
export type SourceView = Partial<SourceDefinition>

export interface ActionSurvey {
  pointer: string
  name: Part<string>
  parameters: Part<NonNullable<ActionDefinition['parameters']>>
  steps: Part<StepView>[]
}

interface AuthSurvey {
  type: AuthDefinition['type'] | undefined
  sensitiveKeys: string[]
  config: Record<string, unknown>
  form: AuthDefinition['form']
  auto_refresh: boolean
  expiredWhen: AuthDefinition['expiredWhen']
  auth_url: Part<string>
  pkce: boolean
  single: Record<SingleAuthRequest, Part<RequestView>>
  registrationRequests: Part<RequestView>[]
  unregistrationRequests: Part<RequestView>[]
}

export const SINGLE_AUTH_REQUESTS = ['get_token', 'test_token', 'userDetails', 'refresh_token'] as const
type SingleAuthRequest = (typeof SINGLE_AUTH_REQUESTS)[number]

/**
 * The document as the rules see it: typed, but only where its shape is right, so that one mistyped property hides
 * nothing else and no rule meets a value it did not expect. A rule that looks names up in a section asks
 * `isIntact` first: where the section has errors of its own, "no such name" would be a guess.
 */
export interface Survey {
  document: Record<string, unknown>
  isIntact(pointer: string): boolean
  ns: string | undefined
  text(name: string): string | undefined
  auth: AuthSurvey
  actions: ActionSurvey[]
  sources: ReadonlyMap<string, Part<SourceView>>
  functions: ReadonlyMap<string, Part<FunctionDefinition>>
  triggers: Part<TriggerDefinition>[]
  dashboardApps: Part<DashboardApp>[]
  webhook: Part<WebhookDefinition>
  sync: Part<SyncDefinition>
}

/** @param broken pointers of the values whose shape is wrong */
export function createSurvey(document: unknown, broken: readonly string[]): Survey {
  const root = isRecord(document) ? document : {}
  const places = createBrokenPlaces(broken)
  const { isIntact } = places
  const read: Reader = {
    part: (owner, pointer, key) => partOf(isIntact, owner, pointer, key),
    view: (owner, pointer, key) => viewOf(places, owner, pointer, key),
  }
  const text = (name: string) => {
    const { value } = read.part<unknown>(root, '', name)
    return typeof value === 'string' ? value : undefined
  }
  return {
    document: root,
    isIntact,
    text,
    ns: text('ns'),
    auth: surveyAuth(read, childValue(root, 'auth')),
    actions: listParts<unknown>(read.part, root, '', 'actions').map(({ pointer }, index) =>
      surveyAction(read, childValue(childValue(root, 'actions'), index), pointer),
    ),
    sources: recordParts<SourceView>(read.view, root, 'source'),
    functions: recordParts<FunctionDefinition>(read.part, root, 'functions'),
    triggers: listParts<TriggerDefinition>(read.part, root, '', 'triggers'),
    dashboardApps: listParts<DashboardApp>(read.part, root, '', 'dashboardApps'),
    webhook: nullAsAbsent(read.part<WebhookDefinition>(root, '', 'webhook')),
    sync: read.part<SyncDefinition>(root, '', 'sync'),
  }
}

interface Reader {
  /** A child that is intact as a whole. */
  part<Value>(owner: unknown, pointer: string, key: string | number): Part<Value>
  /** A child object without its broken properties; a `mapping` is kept, whose readers look at each entry. */
  view<Value>(owner: unknown, pointer: string, key: string | number): Part<Value>
}

function partOf<Value>(
  isIntact: (pointer: string) => boolean,
  owner: unknown,
  ownerPointer: string,
  key: string | number,
): Part<Value> {
  const pointer = under(ownerPointer, key)
  return { pointer, value: isIntact(pointer) ? (childValue(owner, key) as Value | undefined) : undefined }
}

function viewOf<Value>(
  places: BrokenPlaces,
  owner: unknown,
  ownerPointer: string,
  key: string | number,
): Part<Value> {
  const pointer = under(ownerPointer, key)
  const value = childValue(owner, key)
  if (!isRecord(value) || places.isLost(pointer)) return { pointer, value: undefined }
  const isKept = (name: string) => {
    const at = under(pointer, name)
    return name === 'mapping' ? !places.isBroken(at) : places.isIntact(at)
  }
  return {
    pointer,
    value: Object.fromEntries(Object.entries(value).filter(([name]) => isKept(name))) as Value,
  }
}

type Read = <Value>(owner: unknown, pointer: string, key: string | number) => Part<Value>

function listParts<Value>(read: Read, owner: unknown, ownerPointer: string, key: string): Part<Value>[] {
  const list = childValue(owner, key)
  if (!isList(list)) return []
  return list.map((_, index) => read<Value>(list, under(ownerPointer, key), index))
}

function recordParts<Value>(read: Read, root: unknown, key: string): ReadonlyMap<string, Part<Value>> {
  const record = childValue(root, key)
  if (!isRecord(record)) return new Map()
  return new Map(Object.keys(record).map((name) => [name, read<Value>(record, under('', key), name)]))
}

function surveyAction(read: Reader, action: unknown, pointer: string): ActionSurvey {
  return {
    pointer,
    name: read.part(action, pointer, 'name'),
    parameters: read.part(action, pointer, 'parameters'),
    steps: listParts<StepView>(read.view, action, pointer, 'requests'),
  }
}

function surveyAuth(read: Reader, auth: unknown): AuthSurvey {
  const part = <Value>(key: string) => read.part<Value>(auth, '/auth', key)
  const view = (key: string) => read.view<RequestView>(auth, '/auth', key)
  return {
    type: part<AuthDefinition['type']>('type').value,
    sensitiveKeys: part<string[]>('sensitiveKeys').value ?? [],
    config: part<Record<string, unknown>>('config').value ?? {},
    form: part<AuthDefinition['form']>('form').value,
    auto_refresh: part<boolean>('auto_refresh').value === true,
    expiredWhen: part<AuthDefinition['expiredWhen']>('expiredWhen').value,
    auth_url: part('auth_url'),
    pkce: part<boolean>('pkce').value === true,
    single: {
      get_token: view('get_token'),
      test_token: view('test_token'),
      userDetails: view('userDetails'),
      refresh_token: view('refresh_token'),
    },
    registrationRequests: listParts(read.view, auth, '/auth', 'registrationRequests'),
    unregistrationRequests: listParts(read.view, auth, '/auth', 'unregistrationRequests'),
  }
}

function nullAsAbsent<Value>(part: Part<Value>): Part<Value> {
  return part.value === null ? { ...part, value: undefined } : part
}
