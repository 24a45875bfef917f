/** What a client may take of the server: how long a request may be under way, and how large it may be before a route sees it. */
import { DISCARDED_BYTES, DISCARDED_WITHIN_MS } from '../webhook/discard-rest.ts'

interface Limit {
  value: number
  summary: string
}

/** Names end in their unit. `docs/reference/limits.md` is made of it. */
export const LIMITS = {
  requestTimeoutMs: {
    value: 30_000,
    summary:
      'From the first byte of a request to its last, headers and body. Who takes longer is answered 408 and cut off.',
  },
  checkIntervalMs: {
    value: 5_000,
    summary: 'How often connections are looked over for such requests; each may last so much longer.',
  },
  connectionTimeoutMs: {
    value: 120_000,
    summary:
      'Of a connection on which nothing is sent either way: longer than the longest action with its refresh (60 s + 30 s).',
  },
  keepAliveTimeoutMs: {
    value: 72_000,
    summary: 'Of a connection between two requests. The idle timeout of a proxy in front must be shorter.',
  },
  requestsPerConnection: { value: 10_000, summary: 'Then the client connects again.' },
  headerBytes: {
    value: 32 * 1024,
    summary: 'Of the first line and all headers of a request. More is answered 431.',
  },
  discardedBytes: {
    value: DISCARDED_BYTES,
    summary:
      'Of a body that is refused with 413: so much of it is read on, so that its sender hears the answer.',
  },
  discardedWithinMs: { value: DISCARDED_WITHIN_MS, summary: 'For as long, at most.' },
} as const satisfies Record<string, Limit>

type Values = Record<keyof typeof LIMITS, number>

/** Options of fastify. @param changes for tests, which need not wait for the half minute of the server */
export function connectionOptions(changes: Partial<Values> = {}) {
  const { requestTimeoutMs, checkIntervalMs, connectionTimeoutMs, keepAliveTimeoutMs, ...limits } = {
    ...(Object.fromEntries(Object.entries(LIMITS).map(([name, { value }]) => [name, value])) as Values),
    ...changes,
  }
  return {
    requestTimeout: requestTimeoutMs,
    connectionTimeout: connectionTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    maxRequestsPerSocket: limits.requestsPerConnection,
    http: {
      maxHeaderSize: limits.headerBytes,
      // Its default is a minute, and Node gives a request at least as long as its headers.
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs,
    },
  }
}
