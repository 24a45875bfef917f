import packageJson from '../../package.json' with { type: 'json' }
import { ACCEPT_ENCODING } from './decode-body.ts'

const USER_AGENT = `MiniApps/${packageJson.version}`

/** Said by the client alone: they frame the message or belong to the connection (RFC 9110, 7.6.1; RFC 9112, 6 and 7). */
const CLIENT_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The headers as they go on the wire: names and values in turn, spelled and ordered as given, without those that only
 * the client may set, and with `User-Agent` and `Accept-Encoding` where the definition sets none.
 */
export function wireHeaders(headers: Record<string, string>): string[] {
  const wire: string[] = []
  let hasUserAgent = false
  let hasAcceptEncoding = false
  for (const name of Object.keys(headers)) {
    const lowerCase = name.toLowerCase()
    if (CLIENT_HEADERS.has(lowerCase)) continue
    if (lowerCase === 'user-agent') hasUserAgent = true
    else if (lowerCase === 'accept-encoding') hasAcceptEncoding = true
    wire.push(name, headers[name] ?? '')
  }
  if (!hasUserAgent) wire.push('User-Agent', USER_AGENT)
  if (!hasAcceptEncoding) wire.push('Accept-Encoding', ACCEPT_ENCODING)
  return wire
}
