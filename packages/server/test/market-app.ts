/** A shop whose deliveries are signed with a secret that each workspace fills in. */
import { createHmac } from 'node:crypto'
import { listing } from './ledger-app.ts'

export const WEBHOOK_SECRET = 'the-secret-of-the-shop'

/** A definition `market`, whose secret a workspace fills in. */
export function marketDefinition(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...listing('market', 'https://market.example'),
    auth: {
      type: 'apikey',
      sensitiveKeys: ['webhookSecret'],
      form: { webhookSecret: { type: 'password', label: 'Webhook secret', required: true } },
    },
    webhook: {
      verification: { type: 'hmac-sha256', headerName: 'X-Market-Signature', secretKey: 'webhookSecret' },
      eventExtraction: { source: 'header', path: 'X-Market-Topic' },
      transactionId: { paths: ['$.delivery_id'] },
      challengeResponse: { identifyField: 'type', identifyValue: 'ping', challengePath: '$.token' },
      response: { statusCode: 202, body: { got: 'it' }, headers: { 'X-Market-Seen': 'yes' } },
    },
    ...changes,
  }
}

/** A trigger of the shop. */
export function marketTrigger(event: string, ns = 'market') {
  return {
    type: `miniapps:${ns}`,
    event,
    img: 'market.svg',
    icon: 'shopping-cart',
    label: event,
    description: `Something happened: ${event}.`,
    isCustom: false,
  }
}

/** What the shop signs with: `sha256` in hex. */
export function signatureOf(body: Buffer, secret = WEBHOOK_SECRET): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}
