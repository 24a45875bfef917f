import { CliError, systemCode } from '../cli-error.ts'

/** Milliseconds: longer than the longest action with its refresh (60 s + 30 s). */
const TIMEOUT_MS = 100_000

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name could not be resolved for now',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  UND_ERR_SOCKET: 'the connection was closed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

export interface ServerRequest {
  /** Address of the API; what messages call the server. */
  server: string
  url: string
  headers?: Record<string, string>
  body?: string
}

export interface ServerAnswer {
  status: number
  /** A JSON object. */
  body: Record<string, unknown>
}

/**
 * Posts to a MiniApps server. Redirects are not followed: a token goes to the address it belongs to and nowhere else.
 *
 * @throws CliError `unreachable` where nothing, or something else, answers
 */
export async function post({ server, url, headers = {}, body }: ServerRequest): Promise<ServerAnswer> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: body ?? '',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    text = await response.text()
  } catch (error) {
    throw unreachable(server, error)
  }
  const parsed = jsonObject(text)
  if (parsed !== undefined) return { status: response.status, body: parsed }
  const location = response.headers.get('location')
  const to =
    location === null ? '' : ` and points to ${URL.parse(location, url)?.origin ?? 'another address'}`
  throw new CliError(
    'unreachable',
    `${server} answers, but not as a MiniApps server (status ${response.status}${to}).`,
    {
      next: ['Check the address: it is the one that the server prints when it starts.'],
    },
  )
}

/** Why a `fetch` failed, in words. @param timeoutMs that its signal had */
export function failureReason(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `no answer within ${timeoutMs / 1000} s`
  const cause = (error as { cause?: unknown } | null)?.cause
  const code = systemCode(cause)
  const words = cause instanceof Error ? cause.message : 'the request failed'
  return REASONS[code] ?? (code || words)
}

function unreachable(server: string, error: unknown): CliError {
  const reason = failureReason(error, TIMEOUT_MS)
  return new CliError('unreachable', `No MiniApps server answers at ${server} (${reason}).`, {
    next: ['Start one with npm start, or name another one with --server URL.'],
    cause: error,
  })
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
