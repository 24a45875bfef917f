/** What a delivery says and how it proves where it comes from (specification 11). Pure. */
import { createHmac } from 'node:crypto'
import { SECRET_PREFIX, type SubscriptionSecrets } from './secrets.ts'

const ENVELOPE_VERSION = '1'

export interface ToldEvent {
  /** The same in every attempt: receivers tell repetitions by it. */
  id: string
  /** `{type}.{action}` */
  name: string
  /** In words. */
  description: string
  data: unknown
  happenedAt: Date
}

export interface AttemptOf {
  webhookId: string
  deliveryId: string
  attemptNumber: number
}

/** @returns the JSON text that is sent and signed */
export function envelopeOf(event: ToldEvent, attempt: AttemptOf): string {
  return JSON.stringify({
    id: event.id,
    version: ENVELOPE_VERSION,
    timestamp: event.happenedAt.toISOString(),
    event: event.name,
    data: event.data,
    metadata: { ...attempt, description: event.description, resourceUrl: null },
  })
}

export interface Signing {
  body: string
  eventId: string
  /** Milliseconds since the epoch, of the attempt. */
  now: number
  /** `previousSecret` only while it counts. */
  secrets: SubscriptionSecrets
  /** Of the header names: `WEBHOOK_HEADER_PREFIX`. */
  prefix: string
}

/** The header that holds the token: the only one that is a secret. */
export const tokenHeader = (prefix: string) => `${prefix}-token`

export function headersOf({ body, eventId, now, secrets, prefix }: Signing): Record<string, string> {
  const { token, secret, previousSecret } = secrets
  const timestamp = String(Math.floor(now / 1000))
  const signed = `${eventId}.${timestamp}.${body}`
  const valid = previousSecret === undefined ? [secret] : [secret, previousSecret]
  const name = `X-${prefix}-Signature-256`
  return {
    'content-type': 'application/json',
    [tokenHeader(prefix)]: token,
    [name]: bodySignature(body, secret),
    ...(previousSecret !== undefined && { [`${name}-Previous`]: bodySignature(body, previousSecret) }),
    'webhook-id': eventId,
    'webhook-timestamp': timestamp,
    'webhook-signature': valid.map((one) => `v1,${standardSignature(signed, one)}`).join(' '),
  }
}

/** Keyed with the text of the secret as it was shown. */
const bodySignature = (body: string, secret: string) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

/** Standard Webhooks: keyed with the bytes that the secret's base64 stands for. */
const standardSignature = (signed: string, secret: string) =>
  createHmac('sha256', Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64'))
    .update(signed)
    .digest('base64')
