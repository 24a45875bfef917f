import { type OutgoingRequest, SendError, withoutTrailingDot } from 'miniapp'

/** Specification 4.2. */
export const MAX_REDIRECTS = 5

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Dropped on the way to an undeclared host whatever the definition says of them. */
const ALWAYS_CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'cookie2',
])

/** They describe a body, and go when it goes (Fetch, "request-body-header name"). */
const BODY_HEADERS: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
])

/** What is sent next: the part of an `OutgoingRequest` that redirects change. */
export interface Hop {
  url: URL
  method: OutgoingRequest['method']
  headers: Record<string, string>
  body: string | Uint8Array | undefined
}

/** The target of a redirect as the answer spells it; `undefined` where the answer is none that can be followed. */
export function redirectTarget(response: {
  status: number
  headers: Record<string, string>
}): string | undefined {
  return REDIRECT_STATUSES.has(response.status) ? response.headers['location'] : undefined
}

/**
 * The request that a redirect leads to. Methods change as browsers change them (Fetch, "HTTP-redirect fetch"):
 * 303 means GET, and so do 301 and 302 in answer to a POST; the body is dropped with the method. 307 and 308 repeat
 * the request as it was. To an undeclared host only GET and HEAD go, without credentials; those do not come back when
 * a later redirect returns to a declared host.
 *
 * Checks the scheme's direction only; the caller checks port and host of every hop.
 *
 * @throws SendError `blocked` where 4.2 forbids the step, `network` where the target is no URL
 */
export function followRedirect(
  hop: Hop,
  response: { status: number; target: string },
  request: OutgoingRequest,
  isDeclared: (url: URL) => boolean,
): Hop {
  const url = URL.parse(utf8Of(response.target), hop.url)
  if (!url) throw new SendError('network', `${hop.url.hostname} redirects to what is no address`)
  withoutTrailingDot(url)
  if (url.protocol !== hop.url.protocol && url.protocol !== 'https:') {
    throw new SendError(
      'blocked',
      `${hop.url.hostname} redirects from ${hop.url.protocol} to ${url.protocol}, which is not followed`,
    )
  }
  const next: Hop = becomesGet(hop.method, response.status)
    ? { url, method: 'GET', headers: withoutHeaders(hop.headers, BODY_HEADERS), body: undefined }
    : { ...hop, url }
  if (isDeclared(url)) return next
  if (next.method !== 'GET' && next.method !== 'HEAD') {
    throw new SendError(
      'blocked',
      `${hop.url.hostname} redirects a ${next.method} to ${url.hostname}, which the definition does not declare`,
    )
  }
  dropCredentialQuery(url, request)
  const dropped = new Set([...ALWAYS_CREDENTIAL_HEADERS, ...request.credentialHeaders])
  return { ...next, headers: withoutHeaders(next.headers, dropped) }
}

function becomesGet(method: OutgoingRequest['method'], status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

function withoutHeaders(
  headers: Record<string, string>,
  dropped: ReadonlySet<string>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name.toLowerCase())))
}

/**
 * Drops parameters that carry a credential: by name, and by value where the redirecting host renamed them. The others
 * keep their bytes, since signed addresses depend on them.
 */
function dropCredentialQuery(url: URL, request: OutgoingRequest): void {
  if (url.search === '' || request.credentialQuery.length === 0) return
  const names = new Set(request.credentialQuery)
  const sent = new URL(request.url).searchParams
  const values = new Set(
    request.credentialQuery.flatMap((name) => sent.getAll(name)).filter((value) => value !== ''),
  )
  url.search = url.search
    .slice(1)
    .split('&')
    .filter((pair) => {
      const [entry] = new URLSearchParams(pair)
      return entry === undefined || !(names.has(entry[0]) || values.has(entry[1]))
    })
    .join('&')
}

/** Header bytes arrive as Latin-1; addresses with unescaped letters mean UTF-8 (as browsers read them). */
function utf8Of(header: string): string {
  return /^[\x20-\x7e]*$/.test(header) ? header : Buffer.from(header, 'latin1').toString('utf8')
}
