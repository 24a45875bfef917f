import { createHmac } from 'node:crypto'

type Sign = (body: Uint8Array, secret: string, now: number) => Record<string, string>

const hmac = (secret: string, encoding: 'hex' | 'base64', ...pieces: (string | Uint8Array)[]) =>
  pieces.reduce((made, piece) => made.update(piece), createHmac('sha256', secret)).digest(encoding)

/** How each provider signs, written after its documentation and without the code that is tested. */
export const PUBLISHED_SIGNATURES: Readonly<Record<string, Sign>> = {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  github: (body, secret) => ({ 'X-Hub-Signature-256': `sha256=${hmac(secret, 'hex', body)}` }),
  // https://shopify.dev/docs/apps/build/webhooks/subscribe/https
  shopify: (body, secret) => ({ 'X-Shopify-Hmac-Sha256': hmac(secret, 'base64', body) }),
  // https://developer.woocommerce.com/docs/apis/rest-api/v3/webhooks/
  woocommerce: (body, secret) => ({ 'X-WC-Webhook-Signature': hmac(secret, 'base64', body) }),
  // https://docs.salla.dev/421119m0
  salla: (body, secret) => ({ 'X-Salla-Signature': hmac(secret, 'hex', body) }),
  // https://linear.app/developers/webhooks
  linear: (body, secret) => ({ 'Linear-Signature': hmac(secret, 'hex', body) }),
  // https://docs.slack.dev/authentication/verifying-requests-from-slack
  slack: (body, secret, now) => {
    const time = String(now / 1000)
    return {
      'X-Slack-Request-Timestamp': time,
      'X-Slack-Signature': `v0=${hmac(secret, 'hex', `v0:${time}:`, body)}`,
    }
  },
}

/** What an event of the catalog is about, as its sample says it. */
export interface ExpectedEvent {
  /** Fields of the customer; `null` where the event is about nobody. */
  customer?: Readonly<Record<string, unknown>> | null
  /** Operation, code and fields of the record. */
  record?: { operation: string; code: string; data?: Readonly<Record<string, unknown>> }
}

const BOB = {
  code: '7064055069',
  firstName: 'Bob',
  primaryEmail: 'bob@example.com',
  primaryPhone: '+16135550135',
}
const MOHAMMED = {
  code: '225167971',
  firstName: 'Mohammed',
  primaryEmail: 'mohammed@example.com',
  primaryPhone: '+966501806978',
}
const JOHN = { firstName: 'John', primaryEmail: 'john.doe@example.com', primaryPhone: '+15555550123' }

/** By app and event. Every sample with a handler gives a record without a note; these say which one. */
export const EXPECTED_EVENTS: Readonly<Record<string, Readonly<Record<string, ExpectedEvent>>>> = {
  github: {
    'issues.opened': { customer: { code: '583231', firstName: 'octocat' } },
    'issue_comment.created': { customer: { firstName: 'octocat' } },
    'pull_request.opened': { customer: null },
    push: { customer: null },
  },
  shopify: {
    'order.created': {
      customer: BOB,
      record: {
        operation: 'upsert',
        code: '820982911946',
        data: {
          orderNumber: '#1001',
          paymentStatus: 'pending',
          totalAmount: '378.00',
          shipping: '10.00',
          couponCodes: ['WINTER'],
          customerCode: '7064055069',
          items: [{ code: '866550311766', name: 'IPod Nano - 8GB', quantity: 2, unitPrice: '199.00' }],
          updatedAt: '2026-01-02T13:00:01.000Z',
        },
      },
    },
    'order.deleted': { customer: null, record: { operation: 'delete', code: '820982911946' } },
    'checkout.created': { customer: BOB },
    'product.updated': {
      customer: null,
      record: { operation: 'upsert', code: '788032119674', data: { unitPrice: '199.00', quantity: 10 } },
    },
    'customer.created': { customer: BOB, record: { operation: 'upsert', code: '7064055069', data: BOB } },
    'customer.deleted': { customer: null, record: { operation: 'delete', code: '7064055069' } },
  },
  woocommerce: {
    'order.created': {
      customer: JOHN,
      record: {
        operation: 'upsert',
        code: '727',
        data: {
          status: 'processing',
          totalAmount: '29.35',
          items: [
            { code: '93', sku: 'WOO-1', quantity: 2, unitPrice: '3', total: '6.00' },
            { code: '22', sku: 'IDEA-M', quantity: 1 },
          ],
          placedAt: '2026-01-02T08:28:02.000Z',
        },
      },
    },
    'order.deleted': { customer: null, record: { operation: 'delete', code: '727' } },
    'product.created': {
      customer: null,
      record: { operation: 'upsert', code: '794', data: { unitPrice: '21.99', categoryCode: '9' } },
    },
    'customer.updated': {
      customer: { ...JOHN, code: '25' },
      record: { operation: 'upsert', code: '25', data: JOHN },
    },
    'coupon.created': { customer: null },
  },
  salla: {
    'order.created': {
      customer: MOHAMMED,
      record: {
        operation: 'upsert',
        code: '2116149737',
        data: {
          orderNumber: '41027662',
          status: 'under_review',
          totalAmount: '196',
          customerCode: '225167971',
          items: [{ code: '720881993', name: 'بيتزا', quantity: 1, unitPrice: '186', total: '186' }],
          placedAt: '2026-01-02T09:21:45.000Z',
          updatedAt: '2026-01-02T09:21:48.000Z',
        },
      },
    },
    // `data` is the entry in the history of the order, and has an id of its own.
    'order.status.updated': {
      customer: { ...MOHAMMED, firstName: 'Mohammed Ali' },
      record: {
        operation: 'update',
        code: '2116149737',
        data: { status: 'completed', items: [{ code: '720881993' }], updatedAt: '2026-01-03T06:00:00.000Z' },
      },
    },
    'order.deleted': { record: { operation: 'delete', code: '2116149737' } },
    'abandoned.cart': {
      customer: { ...MOHAMMED, firstName: 'Mohammed Ali' },
      record: {
        operation: 'upsert',
        code: '1097962121',
        data: {
          status: 'active',
          totalAmount: '100',
          checkoutUrl: 'https://salla.sa/my-store/checkout/1097962121',
          items: [
            { code: '401511871', quantity: 2 },
            { code: '64738276', quantity: 1 },
          ],
          abandonedAt: '2026-01-02T14:09:39.000Z',
        },
      },
    },
    'abandoned.cart.purchased': {
      customer: null,
      record: { operation: 'update', code: '1097962121', data: { status: 'purchased' } },
    },
    'coupon.applied': { customer: { code: '225167971' } },
    'customer.login': { customer: MOHAMMED },
    'customer.updated': {
      customer: MOHAMMED,
      record: { operation: 'upsert', code: '225167971', data: { ...MOHAMMED, birthDate: '1997-06-03' } },
    },
    'product.quantity.low': {
      customer: null,
      record: { operation: 'upsert', code: '720881993', data: { quantity: 3, unitPrice: '66' } },
    },
    'shipment.created': { customer: null },
  },
  slack: {
    'message.posted': { customer: null },
    'member.joined': {
      customer: { code: 'U0ADA1815', firstName: 'Ada', primaryEmail: 'ada@example.com', position: 'Analyst' },
    },
  },
  linear: {
    'issue.created': { customer: { firstName: 'Ada Lovelace', primaryEmail: 'ada@example.com' } },
  },
}
