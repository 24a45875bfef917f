/**
 * What it costs to know what a delivery is (signature, body, event, transaction id) next to the least that anybody does
 * with one: HMAC and `JSON.parse` of the same bytes. Both sides are checked to do that before the clock starts, and take
 * turns within each round.
 */
import { strictEqual } from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Definition } from '../packages/miniapp/src/index.ts'
import { compileWebhook, parseBody } from '../packages/miniapp/src/webhook-entry.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { judge, measureRounds, median, type Run, round } from '../scripts/measure-rounds.ts'

/**
 * Odd, so that the median is a round that was run; milliseconds that one side runs in one round. Short: the two sides of a
 * round then meet the same machine.
 */
const FORMS = {
  quick: { rounds: 15, sliceMs: 10 },
  default: { rounds: 151, sliceMs: 10 },
  long: { rounds: 1001, sliceMs: 10 },
} as const satisfies Record<MeasureOptions['form'], { rounds: number; sliceMs: number }>

/** Kept readable; delivered without white space, as GitHub does. */
const PAYLOAD = new URL('./payloads/github-issue-opened.json', import.meta.url)
const CATALOG = new URL('../catalog/github/miniapp.json', import.meta.url)
const SECRET = 'a secret of thirty-two characters'
const DELIVERY_ID = '72d3162e-cc78-11e3-81ab-4c9367dc0958'

const TARGETS = { checksToBare: { max: 1.3 } } as const satisfies Measurement['targets']

export async function bench({ form, log }: MeasureOptions): Promise<Measurement> {
  const { bare, checks, bytes } = sides()
  const times = measureRounds({ bare, checks }, FORMS[form])
  const figures = {
    payloadBytes: bytes,
    bareMicroseconds: round(median(times.map((time) => time.bare))),
    checksMicroseconds: round(median(times.map((time) => time.checks))),
    checksToBare: round(median(times.map((time) => time.checks / time.bare))),
  }
  const verdict = judge(figures.checksToBare, TARGETS.checksToBare)
  log(`checks ${figures.checksToBare} of HMAC and JSON.parse (${figures.bareMicroseconds} µs)`)
  return {
    ok: verdict !== 'missed',
    figures: { ...figures, ...(verdict === 'tie' ? { tie: true } : {}) },
    targets: TARGETS,
  }
}

function sides(): { bare: Run; checks: Run; bytes: number } {
  const body = Buffer.from(JSON.stringify(JSON.parse(readFileSync(PAYLOAD, 'utf8'))))
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  const headers = deliveredHeaders(body.length, signature)
  const given = Buffer.from(signature, 'hex')
  const bare: Run = () => {
    if (!timingSafeEqual(createHmac('sha256', SECRET).update(body).digest(), given)) return 0
    return (JSON.parse(body.toString('utf8')) as { action: string }).action.length
  }
  const webhook = compileWebhook(JSON.parse(readFileSync(CATALOG, 'utf8')) as Definition)
  const secrets = { credentials: { webhookSecret: SECRET }, override: {}, config: {} }
  const checks: Run = () => {
    const delivery = { headers, query: {}, rawBody: body, url: '', now: 0 }
    const verdict = webhook?.verification.verify(delivery, secrets)
    if (verdict === undefined || verdict instanceof Promise || !verdict.ok) return 0
    const parsed = parseBody(delivery)
    if (!parsed.ok) return 0
    const read = { ...delivery, body: parsed.body }
    const event = webhook?.eventOf(read)
    const id = webhook?.transactionId?.idOf(read, event)
    return event === 'issues.opened' && id?.from === 'delivery' && id.id === DELIVERY_ID ? 1 : 0
  }
  strictEqual(bare(), 'opened'.length)
  strictEqual(checks(), 1)
  return { bare, checks, bytes: body.length }
}

/** As Node hands them over: the headers of GitHub and those of a proxy. */
function deliveredHeaders(bytes: number, signature: string): Record<string, string> {
  return {
    host: 'acme.example.com',
    'user-agent': 'GitHub-Hookshot/044aadd',
    'content-length': String(bytes),
    accept: '*/*',
    'content-type': 'application/json',
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'https',
    'x-github-delivery': DELIVERY_ID,
    'x-github-event': 'issues',
    'x-github-hook-id': '292430182',
    'x-hub-signature-256': `sha256=${signature}`,
  }
}
