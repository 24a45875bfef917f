/** What a provider is answered where the definition does not say. */

/** An answer, ready to be written. */
export interface Reply {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
}

/** Seconds: long enough for a database to come back, short enough for every provider's patience. */
const RETRY_AFTER_SECONDS = 10

/** The same for an unknown workspace, an unknown app, and one that takes no webhooks: addresses cannot be probed. */
export const NOT_FOUND = refusal(404, 'NOT_FOUND', 'Nothing takes webhooks at this address.')

/** Says nothing of the reason; the event log of the workspace does. */
export const UNAUTHORIZED = refusal(401, 'UNAUTHENTICATED', 'The delivery could not be verified.')

export const TOO_LARGE = refusal(413, 'PAYLOAD_TOO_LARGE', 'The body is larger than the limit.')

/** The delivery was not kept: the provider shall send it again. */
export const BUSY: Reply = {
  ...refusal(503, 'SERVICE_UNAVAILABLE', 'The delivery could not be stored. Send it again.'),
  headers: { 'content-type': 'application/json; charset=utf-8', 'retry-after': String(RETRY_AFTER_SECONDS) },
}

export const MALFORMED = (reason: string) => refusal(400, 'BAD_USER_INPUT', reason)

export function refusal(status: number, code: string, message: string): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ error: { code, message } }),
  }
}
