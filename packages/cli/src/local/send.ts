/**
 * The CLI's own way out: what 10.4 asks of the server, for requests on the author's machine. Only `http:` and `https:`,
 * only hosts that the definition declares, no private address unless it is asked for, bounded time, size and redirects.
 */
import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import {
  canonicalHost,
  type Effects,
  type IncomingResponse,
  isDeclaredHost,
  type OutgoingRequest,
  SendError,
  type SendOptions,
} from 'miniapp'
import { Agent } from 'undici'
import packageJson from '../../package.json' with { type: 'json' }
import { ACCEPT_ENCODING, decodeBody, joinHeaders, readBody } from './answer.ts'
import { isPrivateAddress } from './private-address.ts'
import { followRedirect, type Hop, MAX_REDIRECTS } from './redirect.ts'
import { sendErrorOf } from './send-failure.ts'
import type { StandIns } from './stand-in.ts'

/** Milliseconds for TCP and TLS together, as on the server. */
const CONNECT_TIMEOUT_MS = 10_000
/** Where the ports begin that any user may listen on; below it only those of the web are allowed (10.4). */
const FIRST_USER_PORT = 1024

const USER_AGENT = `MiniApps/${packageJson.version}`

export interface LocalSendSettings {
  /** Requests may go to private addresses, and over `http:`. */
  allowPrivate: boolean
  standIns: StandIns
}

export interface LocalSend {
  send: Effects['send']
  originalUrl: NonNullable<Effects['originalUrl']>
  close(): Promise<void>
}

/** What the hops of one send share. */
interface Sender {
  settings: LocalSendSettings
  /** Refuses private addresses unless they are allowed. */
  guarded: Agent
  /** To stand-ins, which are allowed for their mapping alone. */
  open: Agent
}

export function createLocalSend(settings: LocalSendSettings): LocalSend {
  const connect = { timeout: CONNECT_TIMEOUT_MS, ...(!settings.allowPrivate && { lookup: guardedLookup }) }
  const sender: Sender = {
    settings,
    guarded: new Agent({ connect }),
    open: new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } }),
  }
  return {
    send: (request, options) => sendHops(sender, request, options),
    originalUrl: settings.standIns.restore,
    close: async () => {
      await Promise.all([sender.guarded.destroy(), sender.open.destroy()])
    },
  }
}

async function sendHops(
  sender: Sender,
  request: OutgoingRequest,
  { allowedHosts, timeoutMs, signal }: SendOptions,
): Promise<IncomingResponse> {
  const isDeclared = ({ hostname }: URL) => isDeclaredHost(canonicalHost(hostname) ?? '', allowedHosts)
  const url = URL.parse(request.url)
  if (!url) throw new SendError('blocked', 'The address of the request is no absolute URL')
  if (!isDeclared(url)) {
    throw new SendError('blocked', `${url.hostname} is no host that the definition declares`, {
      refusal: 'undeclared-host',
    })
  }
  const timeout = AbortSignal.timeout(timeoutMs)
  const end = signal ? AbortSignal.any([timeout, signal]) : timeout
  let hop: Hop = { url, method: request.method, headers: request.headers, body: request.body }
  try {
    for (let redirects = 0; ; redirects += 1) {
      const answer = await sendHop(sender, hop, end)
      const next = followRedirect(hop, answer, request, isDeclared)
      if (next === undefined) return { ...answer, url: hop.url.href }
      if (redirects === MAX_REDIRECTS) {
        throw new SendError(
          'too-many-redirects',
          `${url.hostname} redirects more than ${MAX_REDIRECTS} times`,
        )
      }
      hop = next
    }
  } catch (error) {
    if (timeout.aborted)
      throw new SendError('timeout', `${url.hostname} did not answer within ${timeoutMs} ms`)
    if (signal?.aborted) throw new SendError('aborted', `The request to ${url.hostname} was aborted`)
    const standIn = sender.settings.standIns.originFor(hop.url.origin)
    const place = standIn === undefined ? hop.url.hostname : `${hop.url.hostname} (stand-in ${standIn})`
    throw sendErrorOf(error, place)
  }
}

type Answer = Omit<IncomingResponse, 'url'>

async function sendHop({ settings, guarded, open }: Sender, hop: Hop, signal: AbortSignal): Promise<Answer> {
  const { url, method } = hop
  const standIn = settings.standIns.originFor(url.origin)
  checkUrl(url, { openly: settings.allowPrivate || standIn !== undefined })
  const response = await (standIn === undefined ? guarded : open).request({
    origin: standIn ?? url.origin,
    path: url.pathname + url.search,
    method,
    headers: wireHeaders(hop.headers, url, standIn !== undefined),
    body: method === 'GET' || method === 'HEAD' ? null : (hop.body ?? null),
    signal,
    // The signal bounds the whole send.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const headers = joinHeaders(response.headers)
  if (standIn !== undefined) restoreOrigins(headers, settings.standIns)
  const body = await readBody(response.body, url.hostname)
  return { status: response.statusCode, headers, body: await decodeBody(body, headers, url.hostname) }
}

/** @throws SendError */
function checkUrl(url: URL, { openly }: { openly: boolean }): void {
  const { hostname, protocol, username, password } = url
  const refuse = (reason: string) => new SendError('blocked', `A request to ${hostname} ${reason}`)
  if (protocol !== 'https:' && protocol !== 'http:') throw refuse(`over ${protocol} is not allowed`)
  if (username !== '' || password !== '') throw refuse('with user info in the address is not allowed')
  if (protocol === 'http:' && !openly) throw refuse('over http: is not allowed, only over https:')
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port)
  if (port !== 80 && port !== 443 && port < FIRST_USER_PORT) throw refuse(`on port ${port} is not allowed`)
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (!openly && isIP(literal) !== 0 && isPrivateAddress(literal)) throw privateAddress(hostname)
}

/** What was checked is what is connected to. A name is refused where any of its addresses is. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '')
    if (addresses.some(({ address }) => isPrivateAddress(address))) {
      return callback(privateAddress(hostname), '')
    }
    if (options.all) return callback(null, addresses)
    callback(null, addresses[0]?.address ?? '', addresses[0]?.family)
  })
}

function privateAddress(hostname: string): SendError {
  return new SendError('blocked', `${hostname} has a private address, which requests may not reach`, {
    refusal: 'private-address',
  })
}

/** Said by the client alone. */
const CLIENT_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
])

function wireHeaders(headers: Record<string, string>, url: URL, toStandIn: boolean): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => !CLIENT_HEADERS.has(name.toLowerCase()))
  const has = (name: string) => own.some(([one]) => one.toLowerCase() === name)
  return {
    ...Object.fromEntries(own),
    ...(!has('user-agent') && { 'User-Agent': USER_AGENT }),
    ...(!has('accept-encoding') && { 'Accept-Encoding': ACCEPT_ENCODING }),
    ...(toStandIn && { host: url.host }),
  }
}

function restoreOrigins(headers: Record<string, string>, standIns: StandIns): void {
  const { location, link } = headers
  if (location !== undefined) headers['location'] = standIns.restore(location)
  if (link !== undefined) {
    headers['link'] = link.replace(/<([^<>]*)>/g, (_all, url: string) => `<${standIns.restore(url)}>`)
  }
}
