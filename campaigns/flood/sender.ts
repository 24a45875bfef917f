import { Pool } from 'undici'
import { signatureOf } from '../../packages/server/test/market-app.ts'

const CONNECTIONS = 64

/** Sends orders, each once and signed, and counts how they were answered. */
export class Sender {
  accepted = 0
  /** Not answered with the configured answer. */
  failed = 0
  readonly #pool: Pool
  #sent = 0

  constructor(url: string) {
    this.#pool = new Pool(new URL(url).origin, { connections: CONNECTIONS })
  }

  async send(subdomain: string, ns: string): Promise<void> {
    const number = ++this.#sent
    const body = JSON.stringify({
      delivery_id: `delivery-${number}`,
      buyer: { id: `buyer-${number % 100}`, email: `buyer-${number % 100}@${subdomain}.example` },
      order: { id: `order-${number}`, status: 'paid', at: new Date().toISOString() },
    })
    const answer = await this.#pool
      .request({
        path: `/w/${subdomain}/miniapps/${ns}/webhooks`,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-market-topic': 'order.created',
          'x-market-signature': signatureOf(Buffer.from(body)),
        },
        body,
      })
      .then(async ({ statusCode, body: text }) => ({ statusCode, text: await text.text() }))
      .catch(() => undefined)
    if (answer?.statusCode === 202 && answer.text === '{"got":"it"}') this.accepted += 1
    else this.failed += 1
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
