import { type OutgoingRequest, SendError } from 'miniapp'

/** Specification 4.2. */
export const MAX_REDIRECTS = 5

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const CREDENTIAL_HEADERS = ['authorization', 'proxy-authorization', 'cookie'] as const
/** They describe a body, and go when it goes. */
const BODY_HEADERS = ['content-encoding', 'content-language', 'content-location', 'content-type'] as const

/** The part of a request that redirects change. */
export interface Hop {
  url: URL
  method: OutgoingRequest['method']
  headers: Record<string, string>
  body: string | Uint8Array | undefined
}

/**
 * The request that a redirect leads to (specification 4.2); `undefined` where the answer is none. Methods change as
 * browsers change them (Fetch, "HTTP-redirect fetch"). To an undeclared host only GET and HEAD go, without credentials.
 *
 * @throws SendError where the step is not allowed
 */
export function followRedirect(
  hop: Hop,
  answer: { status: number; headers: Record<string, string> },
  request: OutgoingRequest,
  isDeclared: (url: URL) => boolean,
): Hop | undefined {
  const location = REDIRECT_STATUSES.has(answer.status) ? answer.headers['location'] : undefined
  if (location === undefined) return undefined
  const { hostname, protocol } = hop.url
  const url = URL.parse(location, hop.url)
  if (!url) throw new SendError('network', `${hostname} redirects to what is no address`)
  if (url.protocol !== protocol && url.protocol !== 'https:') {
    throw new SendError(
      'blocked',
      `${hostname} redirects from ${protocol} to ${url.protocol}, which is not followed`,
    )
  }
  const next: Hop = becomesGet(hop.method, answer.status)
    ? { url, method: 'GET', headers: without(hop.headers, BODY_HEADERS), body: undefined }
    : { ...hop, url }
  if (isDeclared(url)) return next
  if (next.method !== 'GET' && next.method !== 'HEAD') {
    throw new SendError(
      'blocked',
      `${hostname} redirects a ${next.method} to ${url.hostname}, which the definition does not declare`,
    )
  }
  dropCredentialQuery(url, request)
  const headers = without(next.headers, [...CREDENTIAL_HEADERS, ...request.credentialHeaders])
  return { ...next, headers }
}

function becomesGet(method: Hop['method'], status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

function without(headers: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase())))
}

/** By name, and by value where the redirecting host renamed them. */
function dropCredentialQuery(url: URL, { url: first, credentialQuery }: OutgoingRequest): void {
  if (credentialQuery.length === 0) return
  const sent = new URL(first).searchParams
  const values = new Set(credentialQuery.flatMap((name) => sent.getAll(name)).filter((value) => value !== ''))
  for (const [name, value] of [...url.searchParams]) {
    if (credentialQuery.includes(name) || values.has(value)) url.searchParams.delete(name)
  }
}
