/** What is no request, or never becomes one, is answered in words before its connection is closed. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError } from 'fastify'
import { LIMITS } from './limits.ts'

interface Refusal {
  /** The status and its reason. */
  status: string
  message: string
}

/** By the codes of Node. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    message: `The request was not complete after ${LIMITS.requestTimeoutMs.value / 1_000} seconds.`,
  },
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    message: `The headers of the request are larger than ${LIMITS.headerBytes.value} bytes.`,
  },
}
const OTHER: Refusal = { status: '400 Bad Request', message: 'This is no request of HTTP/1.1.' }

/** For fastify's `clientErrorHandler`: there is no request yet, and no reply. */
export function refuseRequest(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const { status, message } = REFUSALS[error.code] ?? OTHER
  const body = JSON.stringify({ error: { code: 'BAD_USER_INPUT', message } })
  const head = [
    `HTTP/1.1 ${status}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Content-Type: application/json; charset=utf-8',
    'Connection: close',
  ]
  // Within an answer that has begun, another one would be taken for a part of it.
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse | null }
  if (socket.writable && !answer?.headersSent) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}
