import { parseJson, REDACTED } from 'miniapp'
import { type CompiledWebhook, parseBody, type Verdict, type VerifyEffects } from 'miniapp/webhook'
import type { LocalApp } from '../local/load-app.ts'
import type { LocalRuntime } from '../local/runtime.ts'
import type { WebhookSecrets } from './secrets.ts'

/** A request that came to the local port. */
export interface Received {
  /** ISO 8601. */
  at: string
  /** Milliseconds since the epoch. */
  now: number
  method: string
  /** Lower-case names. */
  headers: Record<string, string>
  query: Record<string, string>
  url: string
  rawBody: Uint8Array
}

/** A delivery as `samples/` holds it. */
export interface CapturedSample {
  verified: true
  event: string
  headers: Record<string, string>
  query?: Record<string, string>
  body: unknown
}

export interface Judged {
  event: string | undefined
  transactionId?: string
  /** Came before, by its transaction id. */
  isRepetition: boolean
  isRefused: boolean
  /** Who it is from, in words. */
  verdict: string
  answer: { status: number; headers: Record<string, string>; body: string }
  /** Absent for handshakes. */
  sample?: CapturedSample
}

export type Judge = (received: Received) => Promise<Judged>

const NO_ANSWER = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"ok":true}' }
const REFUSED = { status: 401, headers: { 'content-type': 'application/json' }, body: '{"ok":false}' }
const UNREADABLE = { ...REFUSED, status: 400 }

/** Header names that say nothing of the event, and those that carry a session. */
const NEVER_SAVED = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'host',
  'proxy-authorization',
  'transfer-encoding',
])

/** Where no definition says what a delivery means. */
export const judgeNothing: Judge = async ({ headers, query, rawBody }) => {
  return {
    event: undefined,
    isRepetition: false,
    isRefused: false,
    verdict: 'not verified: no definition was named',
    answer: NO_ANSWER,
    sample: sampleOf({ event: 'unknown', headers, query, body: bodyOf({ headers, rawBody }) }),
  }
}

/** As a server would: challenge, verification, event and repetition. */
export function judgeBy(
  { compiled }: LocalApp,
  webhook: CompiledWebhook,
  { secrets, runtime }: { secrets: WebhookSecrets; runtime: LocalRuntime },
): Judge {
  const seen = new Set<string>()
  const effects = { publicKeys: publicKeysFrom(runtime) }
  const hide = redactBody(secrets.redact, new Set(compiled.definition.auth.sensitiveKeys))
  return async (received) => {
    const parsed = parseBody(received)
    const nothing = { event: undefined, isRepetition: false }
    if (!parsed.ok) return { ...nothing, isRefused: true, verdict: parsed.reason, answer: UNREADABLE }
    const read = { ...received, body: parsed.body }
    const challenge = await webhook.matchChallenge(read, secrets.bags, effects)
    if (challenge !== undefined) {
      const { status, headers, body, refused } = challenge
      const verdict = refused ? refused.reason : 'a handshake, answered'
      return { ...nothing, isRefused: refused !== undefined, verdict, answer: { status, headers, body } }
    }
    const verdict = await webhook.verification.verify(received, secrets.bags, effects)
    const event = webhook.eventOf(read)
    const transaction = webhook.transactionId?.idOf(read, event)
    const id = transaction && 'id' in transaction ? transaction.id : undefined
    const key = JSON.stringify([event, id])
    const isRepetition = verdict.ok && id !== undefined && seen.has(key)
    if (verdict.ok && id !== undefined) seen.add(key)
    const { status, headers, body } = webhook.response
    const isRefused = !verdict.ok && verdict.code !== 'secret-not-found'
    return {
      event,
      ...(id !== undefined && { transactionId: id }),
      isRepetition,
      isRefused,
      verdict: wordsOf(verdict, webhook, secrets),
      answer: isRefused ? REFUSED : { status, headers: { ...headers }, body },
      sample: sampleOf({
        event: event ?? 'unknown',
        headers: webhook.storedHeaders(received.headers),
        query: received.query,
        body: hide(bodyOf(received)),
      }),
    }
  }
}

/** Without a secret nothing can be said, which is no reason to turn a provider away that is tried out. */
function wordsOf(verdict: Verdict, { verification }: CompiledWebhook, secrets: WebhookSecrets): string {
  if (verdict.ok) {
    if (verification.type === 'none') return 'not verified: the definition asks for nothing'
    return verdict.secret ? `verified with ${secrets.originOf(verdict.secret)}` : 'verified'
  }
  if (verdict.code === 'secret-not-found') return `not verified: ${verdict.reason}`
  return `refused, ${verdict.code}: ${verdict.reason}`
}

function publicKeysFrom({ effects }: LocalRuntime): VerifyEffects['publicKeys'] {
  return async (url) => {
    const request = {
      method: 'GET',
      url,
      headers: { Accept: 'application/json' },
      credentialHeaders: [],
      credentialQuery: [],
    } as const
    const answer = await effects.send(request, {
      timeoutMs: KEYS_TIMEOUT_MS,
      allowedHosts: [new URL(url).hostname],
    })
    return JSON.parse(new TextDecoder().decode(answer.body))
  }
}

/** Providers wait some ten seconds for the answer to a delivery. */
const KEYS_TIMEOUT_MS = 5_000

function sampleOf({
  event,
  headers,
  query,
  body,
}: Pick<CapturedSample, 'event' | 'headers' | 'body'> & { query: Record<string, string> }): CapturedSample {
  const kept = Object.entries(headers).filter(([name]) => !NEVER_SAVED.has(name.toLowerCase()))
  return {
    verified: true,
    event,
    headers: Object.fromEntries(kept),
    ...(Object.keys(query).length > 0 && { query }),
    body,
  }
}

/** Known secrets wherever they stand, and the values of members that are named like one. */
function redactBody(
  redact: (text: string) => string,
  names: ReadonlySet<string>,
): (body: unknown) => unknown {
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') return redact(value)
    if (Array.isArray(value)) return value.map(visit)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, names.has(name) ? REDACTED : visit(one)]),
    )
  }
  return visit
}

/** JSON as its value, anything else as its text: so a sample is sent again as it came. */
function bodyOf({ headers, rawBody }: Pick<Received, 'headers' | 'rawBody'>): unknown {
  const text = new TextDecoder().decode(rawBody)
  if (!/[/+]json\b/i.test(headers['content-type'] ?? 'application/json')) return text
  try {
    return parseJson(text)
  } catch {
    return text
  }
}
