import { SendError } from 'miniapp'
import { errors } from 'undici'

/** What the system's, OpenSSL's and undici's error codes mean to whoever reads a run record. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not resolve',
  ENODATA: 'the name has no address',
  EAI_AGAIN: 'the name could not be resolved for now',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ECONNABORTED: 'the connection was aborted',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'connecting took too long',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  EADDRNOTAVAIL: 'no local port is free',
  EMFILE: 'too many connections are open',
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was shorter or longer than announced',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/**
 * The `SendError` for an error of undici, of the system or of our own.
 *
 * @param started whether the request was handed to a connection: from then on a byte may have left, and the failure is
 *   `network`; before, it is `connect`.
 */
export function sendErrorOf(error: unknown, host: string, started: boolean): SendError {
  if (error instanceof SendError) return error
  const code = codeOf(error)
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new SendError('too-large', `The headers of the answer of ${host} are too large`, { cause: error })
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return new SendError('blocked', `The request to ${host} has a header that HTTP does not allow`, {
      cause: error,
    })
  }
  const reason = error instanceof errors.HTTPParserError ? 'the answer is not HTTP' : reasonOf(code)
  return started
    ? new SendError('network', `The request to ${host} failed: ${reason}`, { cause: error })
    : new SendError('connect', `No connection to ${host}: ${reason}`, { cause: error })
}

function reasonOf(code: string): string {
  const known = REASONS[code]
  if (known) return known
  if (/SSL|TLS|CERT/.test(code)) return `no secure connection (${code})`
  return code === '' ? 'the connection failed' : `the connection failed (${code})`
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}
