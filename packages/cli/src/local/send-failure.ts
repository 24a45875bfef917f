import { SendError } from 'miniapp'
import { systemCode } from '../cli-error.ts'

/** Failures before a request was handed to a connection: nothing was sent. */
const CONNECT_FAILURES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name could not be resolved for now',
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'connecting took too long',
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/** The `SendError` for an error of undici, of the system or of our own. */
export function sendErrorOf(error: unknown, place: string): SendError {
  if (error instanceof SendError) return error
  const code = systemCode(error)
  const reason = CONNECT_FAILURES[code]
  if (reason !== undefined) {
    return new SendError('connect', `No connection to ${place}: ${reason}`, { cause: error })
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    const message = `The request to ${place} has a header that HTTP does not allow`
    return new SendError('blocked', message, { cause: error })
  }
  const why = code === '' ? 'the connection failed' : `the connection failed (${code})`
  return new SendError('network', `The request to ${place} failed: ${why}`, { cause: error })
}
