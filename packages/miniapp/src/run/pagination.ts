import { compiledPath } from '../compile-step.ts'
import type { PaginationDefinition } from '../document.ts'
import { MiniAppError } from '../errors.ts'
import type { ResponseSource } from '../expression/mapping.ts'
import { isObject, setOwn } from '../expression/own.ts'
import { setParameter } from '../request/url-query.ts'
import type { Effects, OutgoingRequest } from './effects.ts'

/** Where a list goes on; JSON, so that a run can be resumed from it. */
export interface PagePosition {
  page?: number
  offset?: number
  cursor?: string | number
  url?: string
}

export interface Page {
  source: ResponseSource
  items: readonly unknown[]
  /** Absolute URL that the page was asked for with. */
  url: string
  /** See `Effects`. */
  originalUrl?: Effects['originalUrl']
}

export interface CompiledPagination {
  first: PagePosition
  /** The page repeats the one before because the provider knows no pages; its items are not new. */
  isEcho?(page: Page, before: Page | undefined): boolean
  /** The request for the page at `position`. Never changes the origin. */
  apply(request: OutgoingRequest, position: PagePosition): OutgoingRequest
  /**
   * Where the list goes on after `page`; `undefined` at its end (specification 6.3).
   *
   * @param before the page before, where there was one
   * @throws MiniAppError `EXTERNAL_API_ERROR` where the provider repeats a page or cursor, or points to another origin
   */
  next(position: PagePosition, page: Page, before: Page | undefined): PagePosition | undefined
}

type Kind = NonNullable<Extract<PaginationDefinition, { type: unknown }>['type']>
type Typed<K extends Kind> = Extract<PaginationDefinition, { type: K }>
type Plain = Exclude<PaginationDefinition, { type: Kind }>

/** @throws DefinitionError where a path does not parse */
export function compilePagination(definition: PaginationDefinition, pointer: string): CompiledPagination {
  if (!('type' in definition)) return plainPages(definition)
  return (KINDS[definition.type] as (one: PaginationDefinition, pointer: string) => CompiledPagination)(
    definition,
    pointer,
  )
}

const KINDS = {
  page: (one) => numberedPages(one.pageParam ?? 'page', one.startPage ?? 1, sizeOf(one), refuseRepeat),
  offset: (one) => ({
    first: { offset: 0 },
    apply: (request, { offset }) => withQuery(request, { ...sizeOf(one), [one.offsetParam]: String(offset) }),
    next: ({ offset }, page, before) => {
      if (isLastByLength(page, before)) return undefined
      refuseRepeat(page, before)
      return { offset: (offset ?? 0) + page.items.length }
    },
  }),
  cursor: (one, pointer) => cursorPages(one, pointer),
  link: (one) => ({
    ...followedUrls(sizeOf(one)),
    next: (_, page) => nextUrl(linkToNext(page.source.headers['link'] ?? ''), page),
  }),
  nextUrl: (one, pointer) => {
    const path = compiledPath(one.nextUrlPath, `${pointer}/nextUrlPath`)
    return { ...followedUrls(sizeOf(one)), next: (_, page) => nextUrl(path.read(page.source.body), page) }
  },
  none: () => ({ first: {}, apply: (request) => request, next: () => undefined }),
} satisfies { [K in Kind]: (one: Typed<K>, pointer: string) => CompiledPagination }

type Size = Record<string, string>

function sizeOf({ paramName, defaultLimit }: { paramName?: string; defaultLimit?: number }): Size {
  return paramName === undefined || defaultLimit === undefined ? {} : { [paramName]: String(defaultLimit) }
}

/** A provider that ignores `page` answers with the first page again: in the plain form that is the end (6.3). */
function plainPages(one: Plain): CompiledPagination {
  return { ...numberedPages('page', 1, sizeOf(one), isRepeat), isEcho: isRepeat }
}

/** @param endsAt whether a repeated page is the end; or throws */
function numberedPages(
  param: string,
  start: number,
  size: Size,
  endsAt: (page: Page, before: Page | undefined) => boolean,
): CompiledPagination {
  return {
    first: { page: start },
    apply: (request, { page }) => withQuery(request, { ...size, [param]: String(page) }),
    next: ({ page: number }, page, before) =>
      isLastByLength(page, before) || endsAt(page, before) ? undefined : { page: (number ?? start) + 1 },
  }
}

function cursorPages(one: Typed<'cursor'>, pointer: string): CompiledPagination {
  const cursorPath = compiledPath(one.cursorPath, `${pointer}/cursorPath`)
  const morePath =
    one.hasMorePath === undefined ? undefined : compiledPath(one.hasMorePath, `${pointer}/hasMorePath`)
  const size = sizeOf(one)
  return {
    first: {},
    apply: (request, { cursor }) => {
      const sized = withQuery(request, size)
      if (cursor === undefined) return sized
      return one.in === 'body'
        ? withBodyMember(sized, one.cursorParam, cursor)
        : withQuery(sized, { [one.cursorParam]: String(cursor) })
    },
    next: (position, page) => {
      const more = morePath?.read(page.source.body)
      if (morePath && (!more || more === 'false')) return undefined
      const cursor = cursorPath.read(page.source.body)
      if ((typeof cursor !== 'string' && typeof cursor !== 'number') || cursor === '') return undefined
      if (cursor === position.cursor) throw brokenList('it names the same cursor twice')
      return { cursor }
    },
  }
}

function followedUrls(size: Size): Pick<CompiledPagination, 'first' | 'apply'> {
  return {
    first: {},
    apply: (request, { url }) => (url === undefined ? withQuery(request, size) : { ...request, url }),
  }
}

function nextUrl(value: unknown, page: Page): PagePosition | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const next = URL.parse(page.originalUrl?.(value, page.url) ?? value, page.url)
  if (next?.origin !== new URL(page.url).origin) throw brokenList('its next page is at another address')
  if (next.href === new URL(page.url).href) throw brokenList('its next page is the page itself')
  return { url: next.href }
}

/** The target of `rel="next"` in a `Link` header (RFC 8288, 3). */
export function linkToNext(header: string): string | undefined {
  for (const [, target, parameters] of header.matchAll(/<([^<>]*)>([^<]*)/g)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))/i.exec(parameters ?? '')
    const relations = (rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/)
    if (relations.includes('next')) return target
  }
  return undefined
}

/** A provider may cap pages below the size asked for, so only a page that is shorter than its neighbour is the last. */
function isLastByLength(page: Page, before: Page | undefined): boolean {
  return page.items.length === 0 || (before !== undefined && page.items.length < before.items.length)
}

function isRepeat(page: Page, before: Page | undefined): boolean {
  return before !== undefined && JSON.stringify(page.items) === JSON.stringify(before.items)
}

function refuseRepeat(page: Page, before: Page | undefined): false {
  if (isRepeat(page, before)) throw brokenList('it sent the same page twice')
  return false
}

function brokenList(reason: string): MiniAppError {
  return new MiniAppError('EXTERNAL_API_ERROR', `The provider's list cannot be read to its end: ${reason}.`)
}

function withQuery(request: OutgoingRequest, parameters: Readonly<Record<string, string>>): OutgoingRequest {
  let { url } = request
  for (const [name, value] of Object.entries(parameters)) url = setParameter(url, name, value)
  return { ...request, url }
}

/** `variables.after` sets a member of a member, as GraphQL needs it. */
function withBodyMember(request: OutgoingRequest, name: string, value: string | number): OutgoingRequest {
  const body: unknown = typeof request.body === 'string' ? JSON.parse(request.body) : {}
  const root = isObject(body) ? body : {}
  const names = name.split('.')
  const last = names.pop() ?? name
  let holder = root
  for (const part of names) {
    const member = Object.hasOwn(holder, part) ? holder[part] : undefined
    const next = isObject(member) ? member : {}
    setOwn(holder, part, next)
    holder = next
  }
  setOwn(holder, last, value)
  return { ...request, body: JSON.stringify(root) }
}
