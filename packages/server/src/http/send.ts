import {
  type Effects,
  type IncomingResponse,
  isDeclaredHost,
  type OutgoingRequest,
  SendError,
  type SendOptions,
  withoutTrailingDot,
} from 'miniapp'
import { isAllowedPort, portOf } from './address-guard.ts'
import type { Resolve } from './connect.ts'
import { decodeBody } from './decode-body.ts'
import { exchange, type WireResponse } from './exchange.ts'
import { createProviderOrigins, type ProviderOrigins } from './provider-origins.ts'
import { followRedirect, type Hop, MAX_REDIRECTS, redirectTarget } from './redirect.ts'
import { openRoutes, type Routes } from './routes.ts'
import { sendErrorOf } from './send-failure.ts'
import { TimeBudget } from './time-budget.ts'
import { wireHeaders } from './wire-headers.ts'

/** Specification 4.2; of the body on the wire and of the decoded one. */
export const DEFAULT_MAX_RESPONSE_BYTES = 10 * 1024 * 1024

export interface EgressSettings {
  /** CIDR blocks that are open besides the public internet (`parsePrivateNetworks`). Where there are any, `http:` is too. */
  allowPrivateNetworks: readonly string[]
  /** Original origin → origin of its stand-in (`parseProviderOrigins`). Empty in production. */
  providerOrigins: ReadonlyMap<string, string>
  /** Default {@link DEFAULT_MAX_RESPONSE_BYTES}. */
  maxResponseBytes?: number
  /** Default: the system's resolver. What it answers is checked like any other answer. */
  resolve?: Resolve
}

/** The one way out: every byte that a definition causes leaves through `send` (specification 10.4). */
export interface Egress {
  send: Effects['send']
  /** A URL from an answer's body (a next page, say) with a stand-in's origin replaced by the original one. */
  originalUrl: NonNullable<Effects['originalUrl']>
  /** Takes no more requests, waits for those under way, and closes the connections. May be called more than once. */
  close(): Promise<void>
}

/** What the hops of every send share. */
interface Sender {
  routes: Routes
  origins: ProviderOrigins
  maxResponseBytes: number
  /** Private networks are open, so providers in them are spoken to without TLS. */
  allowHttp: boolean
}

/** Opens the connection pools. Each call has its own: what one may reach, another never gets as a pooled connection. */
export function createSend(settings: EgressSettings): Egress {
  const sender: Sender = {
    routes: openRoutes(settings),
    origins: createProviderOrigins(settings.providerOrigins),
    maxResponseBytes: settings.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
    allowHttp: settings.allowPrivateNetworks.length > 0,
  }
  let underWay = 0
  let onIdle: (() => void) | undefined
  let closing: Promise<void> | undefined

  async function drain(): Promise<void> {
    if (underWay > 0) await new Promise<void>((resolve) => (onIdle = resolve))
    await sender.routes.destroy()
  }

  return {
    async send(request, options) {
      const url = firstUrl(sender, request, options)
      if (closing)
        throw new SendError(
          'aborted',
          `The request to ${url.hostname} was not sent: the server is shutting down`,
        )
      const budget = new TimeBudget(url.hostname, options)
      underWay += 1
      try {
        const hop: Hop = { url, method: request.method, headers: request.headers, body: request.body }
        const answer = await sendHop(sender, hop, { budget, keepBytes: options.firstAnswer?.keepBytes })
        return options.firstAnswer || isLast(answer)
          ? responseOf(url, answer)
          : await follow(sender, request, { hop, answer, options, budget })
      } catch (error) {
        throw sendErrorOf(error, url.hostname, true)
      } finally {
        budget.release()
        underWay -= 1
        if (underWay === 0) onIdle?.()
      }
    },
    originalUrl: (url, asked) => sender.origins.originalUrl(url, URL.parse(asked)?.origin),
    close() {
      closing ??= drain()
      return closing
    },
  }
}

function firstUrl(sender: Sender, request: OutgoingRequest, options: SendOptions): URL {
  const url = URL.parse(request.url)
  if (!url) throw new SendError('blocked', 'The address of the request is no absolute URL')
  checkUrl(sender, withoutTrailingDot(url))
  if (!isDeclaredHost(url.hostname, options.allowedHosts)) {
    throw new SendError('blocked', `${url.hostname} is no host that the definition declares`, {
      refusal: 'undeclared-host',
    })
  }
  return url
}

/** Refuses what the connection pools cannot see: scheme, user info, port. */
function checkUrl(sender: Sender, url: URL): void {
  const { hostname, protocol } = url
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new SendError('blocked', `A request to ${protocol} is not allowed, only to https:`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new SendError('blocked', `The address of ${hostname} holds user info, which is not allowed`)
  }
  if (protocol === 'http:' && !sender.allowHttp && sender.origins.standInFor(url.origin) === undefined) {
    throw new SendError('blocked', `A request to ${hostname} over http: is not allowed, only over https:`)
  }
  if (!isAllowedPort(portOf(url))) {
    throw new SendError('blocked', `A request to port ${portOf(url)} of ${hostname} is not allowed`)
  }
}

/** Nothing is left to follow or to decode. */
function isLast(answer: WireResponse): boolean {
  return answer.headers['content-encoding'] === undefined && redirectTarget(answer) === undefined
}

/** The answer that redirects lead to, decoded. */
async function follow(
  sender: Sender,
  request: OutgoingRequest,
  from: { hop: Hop; answer: WireResponse; options: SendOptions; budget: TimeBudget },
): Promise<IncomingResponse> {
  const { options, budget } = from
  const isDeclared = (target: URL) => isDeclaredHost(target.hostname, options.allowedHosts)
  let { hop, answer } = from
  for (let redirects = 0; ; redirects += 1) {
    const target = redirectTarget(answer)
    if (target === undefined) return finish(sender, hop.url, answer)
    if (redirects === MAX_REDIRECTS) {
      const { hostname } = from.hop.url
      throw new SendError('too-many-redirects', `${hostname} redirects more than ${MAX_REDIRECTS} times`)
    }
    hop = followRedirect(hop, { status: answer.status, target }, request, isDeclared)
    checkUrl(sender, hop.url)
    answer = await sendHop(sender, hop, { budget })
  }
}

function sendHop(
  sender: Sender,
  hop: Hop,
  limits: { budget: TimeBudget; keepBytes?: number | undefined },
): Promise<WireResponse> {
  const { url, method } = hop
  const { dispatcher, origin, hostHeader } = sender.routes.routeTo(url.origin)
  const headers = wireHeaders(hop.headers)
  if (hostHeader !== undefined) headers.push('host', hostHeader)
  const body = method === 'GET' || method === 'HEAD' ? null : (hop.body ?? null)
  const answer = exchange(
    { dispatcher, origin, path: url.pathname + url.search, method, headers, body, host: url.hostname },
    { maxBytes: sender.maxResponseBytes, ...limits },
  )
  return sender.origins.empty ? answer : answer.then((one) => withOriginals(sender, one, url.origin))
}

function withOriginals({ origins }: Sender, answer: WireResponse, origin: string): WireResponse {
  origins.restoreHeaders(answer.headers, origin)
  return answer
}

async function finish(sender: Sender, url: URL, answer: WireResponse): Promise<IncomingResponse> {
  const isEncoded = answer.headers['content-encoding'] !== undefined
  const decoded = isEncoded ? await decodeBody(answer, url.hostname, sender.maxResponseBytes) : answer
  return responseOf(url, { ...decoded, firstByteMs: answer.firstByteMs })
}

function responseOf(url: URL, { status, headers, body, firstByteMs }: WireResponse): IncomingResponse {
  return { status, headers, body, url: url.href, timing: { firstByteMs } }
}
