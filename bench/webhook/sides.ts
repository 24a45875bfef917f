/** The processes that are measured, and what is delivered to them. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { signatureOf } from '../../packages/server/test/market-app.ts'
import { nodeEnvironment } from '../../packages/server/test/server-process.ts'

export interface Side {
  child: ChildProcess
  port: number
}

/** Those of `server.ts`. */
export type SideKind = 'bare' | 'ground' | 'platform' | 'shop' | 'another-shop'

export async function startSide(kind: SideKind, env: Record<string, string>): Promise<Side> {
  const child = fork(join(import.meta.dirname, 'server.ts'), [kind], {
    env: { ...nodeEnvironment(), ...env },
  })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the side "${kind}" did not start`)))
  const [port] = (await Promise.race([once(child, 'message'), ended])) as [number]
  ended.catch(() => {})
  return { child, port }
}

const PAYLOAD = JSON.parse(
  readFileSync(new URL('../payloads/github-issue-opened.json', import.meta.url), 'utf8'),
) as object

let made = 0

/** Deliveries that are signed, each another: of an order of its own, and one of a thousand customers. */
export function deliveries(count: number): Buffer[] {
  return Array.from({ length: count }, () => {
    made += 1
    const order = { id: made, number: `#${made}`, status: 'open' }
    const buyer = { id: `c${made % 1000}`, email: `buyer-${made % 1000}@shop.example`, name: 'Ada' }
    return requestOf({ ...PAYLOAD, delivery_id: `d-${made}`, order, buyer })
  })
}

function requestOf(payload: object): Buffer {
  const body = Buffer.from(JSON.stringify(payload))
  const head = [
    'POST /miniapps/market/webhooks HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'User-Agent: Market-Hook/1',
    'X-Market-Topic: order.created',
    `X-Market-Signature: ${signatureOf(body)}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}
