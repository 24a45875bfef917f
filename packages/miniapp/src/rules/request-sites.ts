import type { SyncDefinition } from '../document.ts'
import { DefinitionError } from '../expression/definition-error.ts'
import { type ParsedPlaceholder, type Place, parsePlaceholders } from '../expression/template.ts'
import { parseUrlTemplate, type UrlPiece, type UrlTemplate } from '../expression/url-template.ts'
import { toPointer, under } from '../schema/pointer.ts'
import { type FoundText, textsOf } from './found-text.ts'
import type { Scope, Scopes } from './scopes.ts'
import {
  type Part,
  type RequestView,
  SINGLE_AUTH_REQUESTS,
  type SourceView,
  type StepView,
  type Survey,
} from './survey.ts'

/** A placeholder of the document and where its value would land. */
export interface PlaceholderSite extends ParsedPlaceholder {
  pointer: string
  place: Place
}

/** A text that is sent, with the name it stands under and the place where it lands. */
interface SentText extends FoundText {
  place: Place
}

/** A request that the document can cause, wherever it stands. */
export interface RequestSite {
  pointer: string
  urlPointer: string
  /** The URL, cut into its parts; or why it cannot be; absent where its shape is wrong. */
  url: UrlTemplate | DefinitionError | undefined
  placeholders: PlaceholderSite[]
  /** The texts of URL query, headers, query parameters and body, by the name that each stands under. */
  texts: SentText[]
  scope: Scope
  /** The request itself, without the parts whose shape is wrong; the address of the authorization page has none. */
  view: RequestView | SourceView | undefined
}

/** The arguments of a function step, or the `items` of a `forEach`: templates that belong to no request. */
export interface StepTemplate {
  pointer: string
  placeholders: PlaceholderSite[]
  scope: Scope
  kind: 'args' | 'items'
}

interface RequestTemplate {
  pointer: string
  scope: Scope
  urlPointer: string
  /** Absent where its shape is wrong. */
  url: string | undefined
  /** Further templates, by the place where their values land. */
  rest: { pointer: string; place: Place; value: unknown }[]
  view: RequestSite['view']
}

export function requestSites(survey: Survey, scopes: Scopes): RequestSite[] {
  return [
    ...authTemplates(survey, scopes),
    ...actionTemplates(survey, scopes),
    ...sourceTemplates(survey, scopes),
    ...syncTemplates(survey, scopes),
  ].map(toSite)
}

export function stepTemplates(survey: Survey, scopes: Scopes): StepTemplate[] {
  return survey.actions.flatMap((action) =>
    action.steps.flatMap((part, index) => stepTemplate(part, scopes.action(action, index))),
  )
}

function stepTemplate({ pointer, value: step }: Part<StepView>, scope: Scope): StepTemplate[] {
  if (step?.type === 'function') {
    const at = under(pointer, 'args')
    return [{ pointer: at, placeholders: placeholdersIn(step.args, at, 'args'), scope, kind: 'args' }]
  }
  if (!step?.forEach) return []
  const at = under(pointer, 'forEach', 'items')
  const outside = { ...scope, places: scope.places.filter(({ label }) => label !== 'loop item') }
  return [
    {
      pointer: at,
      placeholders: placeholdersIn(step.forEach.items, at, 'body'),
      scope: outside,
      kind: 'items',
    },
  ]
}

function authTemplates(survey: Survey, scopes: Scopes): RequestTemplate[] {
  const { auth } = survey
  const url = auth.auth_url
  const single = SINGLE_AUTH_REQUESTS.map((name) => ({
    part: auth.single[name],
    scope: scopes.authRequest(name),
  }))
  const listed = (['registrationRequests', 'unregistrationRequests'] as const).flatMap((name) =>
    auth[name].map((part, index) => ({ part, scope: scopes.authRequest(name, index) })),
  )
  return [
    ...(url.value === undefined
      ? []
      : [
          {
            pointer: '/auth',
            scope: scopes.authRequest('auth_url'),
            urlPointer: url.pointer,
            url: url.value,
            rest: [],
            view: undefined,
          },
        ]),
    ...[...single, ...listed].flatMap(({ part, scope }) => requestTemplate(part, scope)),
  ]
}

function actionTemplates(survey: Survey, scopes: Scopes): RequestTemplate[] {
  return survey.actions.flatMap((action) =>
    action.steps.flatMap((part, index) =>
      isRequest(part) ? requestTemplate(part, scopes.action(action, index)) : [],
    ),
  )
}

function isRequest(part: Part<StepView>): part is Part<RequestView> {
  return part.value?.type !== 'function'
}

function sourceTemplates(survey: Survey, scopes: Scopes): RequestTemplate[] {
  return [...survey.sources].flatMap(([key, part]) => requestTemplate(part, scopes.source(key)))
}

function syncTemplates(survey: Survey, scopes: Scopes): RequestTemplate[] {
  const { value: sync, pointer } = survey.sync
  if (sync === undefined) return []
  const scope = scopes.sync()
  return Object.entries(sync.resources ?? {}).flatMap(([key, resource]) =>
    (['list', 'details'] as const).flatMap((name) => {
      const endpoint = resource.endpoints[name]
      if (endpoint === undefined) return []
      const at = pointer + toPointer(['resources', key, 'endpoints', name])
      const [template] = requestTemplate({ pointer: at, value: endpoint }, scope)
      return template
        ? [
            {
              ...template,
              ...joined(sync, pointer, template),
              rest: [...template.rest, syncHeaders(sync, pointer)],
            },
          ]
        : []
    }),
  )
}

/** Joining is text (6.1): `baseUrl` without its trailing `/`, then the endpoint's leading `/`. */
function joined(sync: SyncDefinition, pointer: string, { url, urlPointer }: RequestTemplate) {
  if (
    url === undefined ||
    sync.baseUrl === undefined ||
    /^[^/?#]*:\/\//.test(url) ||
    /^(\{\{|\[\[)/.test(url)
  )
    return { url, urlPointer }
  const base = sync.baseUrl.replace(/\/+$/, '')
  return {
    url: `${base}${url.startsWith('/') ? '' : '/'}${url}`,
    urlPointer: /\{\{|\[\[/.test(url) ? urlPointer : under(pointer, 'baseUrl'),
  }
}

function syncHeaders(sync: SyncDefinition, pointer: string): RequestTemplate['rest'][number] {
  return { pointer: under(pointer, 'headers'), place: 'header', value: sync.headers }
}

function requestTemplate(part: Part<RequestView | SourceView>, scope: Scope): RequestTemplate[] {
  const { pointer, value } = part
  if (value === undefined) return []
  const rest = [
    { pointer: under(pointer, 'headers'), place: 'header' as const, value: value.headers },
    { pointer: under(pointer, 'queryParams'), place: 'query' as const, value: value.queryParams },
    { pointer: under(pointer, 'body'), place: 'body' as const, value: value.body },
  ]
  return [{ pointer, scope, urlPointer: under(pointer, 'url'), url: value.url, rest, view: value }]
}

function toSite({ pointer, scope, urlPointer, url, rest, view }: RequestTemplate): RequestSite {
  const parsed = url === undefined ? undefined : parseUrl(url, urlPointer)
  const inUrl =
    parsed === undefined || parsed instanceof DefinitionError
      ? placeholdersIn(url, urlPointer, 'path')
      : urlPlaceholders(parsed).map((found) => ({ ...found, pointer: urlPointer }))
  const inRest = rest.flatMap((template) => placeholdersIn(template.value, template.pointer, template.place))
  const texts = [
    ...urlParameters(parsed).map((parameter) => ({
      ...parameter,
      pointer: urlPointer,
      place: 'query' as const,
    })),
    ...rest.flatMap(({ pointer: at, place, value }) =>
      textsOf(value, at).map((found) => ({ ...found, place })),
    ),
  ]
  return { pointer, urlPointer, url: parsed, placeholders: [...inUrl, ...inRest], texts, scope, view }
}

/** Query parameters of the URL that are written out. */
function urlParameters(url: RequestSite['url']): { name: string; text: string }[] {
  if (url === undefined || url instanceof DefinitionError) return []
  return url.parameters.flatMap(({ name: [name], value: [text] = [] }) =>
    typeof name === 'string' && typeof text === 'string' ? [{ name, text }] : [],
  )
}

function parseUrl(url: string, pointer: string): UrlTemplate | DefinitionError {
  try {
    return parseUrlTemplate(url, pointer)
  } catch (error) {
    if (error instanceof DefinitionError) return error
    throw error
  }
}

function urlPlaceholders(url: UrlTemplate): (ParsedPlaceholder & { place: Place })[] {
  const inPlace = (pieces: readonly UrlPiece[], place: Place) =>
    pieces.filter((piece) => typeof piece === 'object').map((piece) => ({ ...piece, place }))
  const parameters = url.parameters.flatMap(({ name, value }) => [...name, ...(value ?? [])])
  return [
    ...(url.origin ? [{ ...url.origin, place: 'origin' as const }] : []),
    ...inPlace(url.scheme, 'scheme'),
    ...inPlace(url.host, 'host'),
    ...inPlace(url.port, 'port'),
    ...inPlace(url.path, 'path'),
    ...inPlace([...parameters, ...url.fragment], 'query'),
  ]
}

/** Every placeholder in the strings of a JSON value; property names are never expanded. */
function placeholdersIn(value: unknown, pointer: string, place: Place): PlaceholderSite[] {
  if (typeof value === 'string') {
    return parsePlaceholders(value)
      .filter((part) => typeof part === 'object')
      .map((part) => ({ ...part, pointer, place }))
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => placeholdersIn(child, under(pointer, key), place))
}
