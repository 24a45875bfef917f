/**
 * The client that nobody should write: resolves, connects and follows whatever it is told. It shows that the attacks and
 * the trap are real.
 */
import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect, isIP, type LookupFunction } from 'node:net'
import type { OutgoingRequest } from 'miniapp'
import type { Resolve } from '../../packages/server/src/http/connect.ts'

const MAX_REDIRECTS = 10
const TIMEOUT_MS = 30_000
/** Where schemes besides those of the web go. */
const PORTS: Readonly<Record<string, number>> = {
  'ftp:': 21,
  'dict:': 2628,
  'ldap:': 389,
  'ws:': 80,
  'wss:': 443,
}

/** Never rejects: what counts is who was reached. */
export async function sendCarelessly(request: OutgoingRequest, resolve: Resolve): Promise<void> {
  let url = URL.parse(request.url)
  for (let hop = 0; url && hop <= MAX_REDIRECTS; hop++) {
    const location = await visit(url, request, resolve).catch(() => undefined)
    if (location === undefined) return
    url = URL.parse(Buffer.from(location, 'latin1').toString('utf8'), url)
  }
}

async function visit(url: URL, request: OutgoingRequest, resolve: Resolve): Promise<string | undefined> {
  const lookup: LookupFunction = (hostname, options, callback) => {
    void resolve(hostname.replace(/\.$/, '')).then((addresses) => {
      const answers = addresses.map((address) => ({ address, family: isIP(address) }))
      if (options.all) callback(null, answers)
      else callback(null, answers[0]?.address ?? '', answers[0]?.family ?? 4)
    })
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    if (hostname === '') return undefined
    const socket = connect({ host: hostname, port: Number(url.port || PORTS[url.protocol] || 80), lookup })
    await once(socket, 'connect')
    socket.destroy()
    return undefined
  }
  const secure = url.protocol === 'https:'
  const { method, headers, body } = request
  const options = { method, headers, lookup, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }
  const sent = secure
    ? requestHttps(url, { ...options, rejectUnauthorized: false })
    : requestHttp(url, options)
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.headers.location
}
