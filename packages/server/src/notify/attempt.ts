/** One attempt to tell one server of one event (specification 11). */
import { createRedactor, REDACTED, type Redactor, redactStart, SendError } from 'miniapp'
import type { Context } from '../context.ts'
import { storableText } from '../db/text.ts'
import { findEvent } from './catalogue.ts'
import type { Taken } from './claim.ts'
import { envelopeOf, headersOf, tokenHeader } from './delivery-request.ts'
import { openSecrets, type SubscriptionSecrets } from './secrets.ts'
import { holdBack, type Outcome, settle } from './settle.ts'
import type { Subscription } from './store.ts'

/** Specification 11. From the look-up of the name to the last byte of the answer. */
export const ATTEMPT_TIMEOUT_MS = 10_000
/** Specification 11: of the answer's body, as text. */
export const LOGGED_ANSWER_CHARACTERS = 4 * 1024
/** More are read: characters have up to four bytes, and a secret at the end is hidden whole before the rest is cut. */
const READ_ANSWER_BYTES = 5 * LOGGED_ANSWER_CHARACTERS
const MINUTE_MS = 60_000
/** An attempt at which the process ended so many times is not made again: it may be the reason. */
const MAX_CLAIMS = 10

/**
 * Makes an attempt and stores what came of it. Never rejects because of the receiver.
 * @returns what came of it; `undefined` where it waits for its turn, or somebody else has taken it since
 * @throws the error of the database, or of the vault: the attempt is made again when the claim is over
 */
export async function attemptDelivery(context: Context, taken: Taken): Promise<Outcome | undefined> {
  const { claim, subscription, until } = taken
  const startedAt = context.now()
  const waitMs = await waitForTurn(context, subscription)
  if (waitMs !== undefined) {
    await holdBack(context, { claim, until: context.now() + waitMs })
    return undefined
  }
  if (context.now() + ATTEMPT_TIMEOUT_MS > until) return undefined
  const outcome = await send(context, taken)
  const isSettled = await settle(context, claim, outcome)
  if (!isSettled) return undefined
  const { workspaceId, subscriptionId: webhookId, id: deliveryId, eventId, attemptNumber } = claim
  context.log.info('delivery.attempted', {
    workspaceId,
    webhookId,
    deliveryId,
    eventId,
    attempt: attemptNumber,
    status: outcome.ok ? 'success' : 'failed',
    ...(outcome.responseStatus !== undefined && { responseStatus: outcome.responseStatus }),
    durationMs: Math.round(context.now() - startedAt),
  })
  return outcome
}

/** @returns milliseconds until the rate limit has room, where it has none */
export async function waitForTurn(
  { rateLimit }: Context,
  { workspaceId, id, rateLimitPerMinute }: Subscription,
): Promise<number | undefined> {
  const slot = { workspaceId, key: `delivery:${id}`, limit: rateLimitPerMinute, windowMs: MINUTE_MS }
  const taken = await rateLimit.take(slot)
  return taken.ok ? undefined : taken.retryAfterMs
}

async function send(context: Context, { claim, subscription, told }: Taken): Promise<Outcome> {
  const refused = (error: string): Outcome => ({ ok: false, final: true, error, durationMs: 0 })
  if (told === undefined) return refused('The event is not kept any more.')
  if (claim.claims > MAX_CLAIMS) return refused('The server ended each time while it sent this.')
  const secrets = await secretsOf(context, subscription)
  const { eventId, event: name } = claim
  const description = findEvent(name)?.label ?? name
  const body = envelopeOf(
    { id: eventId, name, description, ...told },
    { webhookId: claim.subscriptionId, deliveryId: claim.id, attemptNumber: claim.attemptNumber },
  )
  const prefix = context.config.webhookHeaderPrefix
  const headers = headersOf({ body, eventId, now: context.now(), secrets, prefix })
  const shown = { requestHeaders: { ...headers, [tokenHeader(prefix)]: REDACTED }, requestBody: body }
  const answer = await exchange(context, { url: subscription.url, headers, body }, redactorOf(secrets))
  return { ...shown, ...answer }
}

/** Those that count now. */
async function secretsOf(context: Context, subscription: Subscription): Promise<SubscriptionSecrets> {
  const { previousSecret, ...current } = await openSecrets(context, subscription, subscription.secrets)
  const counts = (subscription.previousSecretExpiresAt?.getTime() ?? 0) > context.now()
  return previousSecret !== undefined && counts ? { ...current, previousSecret } : current
}

/** What a receiver answers, its headers repeated say, is shown to people who never saw the secrets. */
const redactorOf = ({ token, secret, previousSecret }: SubscriptionSecrets) =>
  createRedactor([token, secret, ...(previousSecret === undefined ? [] : [previousSecret])])

interface Post {
  url: string
  headers: Record<string, string>
  body: string
}

async function exchange(context: Context, { url, headers, body }: Post, redact: Redactor): Promise<Outcome> {
  const startedAt = performance.now()
  const durationMs = () => Math.round(performance.now() - startedAt)
  try {
    const response = await context.send(
      { method: 'POST', url, headers, body, credentialHeaders: [], credentialQuery: [] },
      {
        timeoutMs: ATTEMPT_TIMEOUT_MS,
        allowedHosts: [new URL(url).hostname],
        firstAnswer: { keepBytes: READ_ANSWER_BYTES },
      },
    )
    const { status } = response
    const ok = status >= 200 && status < 300
    return {
      ok,
      responseStatus: status,
      responseBody: redactStart(textOf(response.body), redact, LOGGED_ANSWER_CHARACTERS),
      ...(!ok && { error: `The server answered ${status}; only 2xx counts as delivered.` }),
      durationMs: durationMs(),
    }
  } catch (error) {
    if (!(error instanceof SendError)) throw error
    return { ok: false, error: `${redact(error.message)}.`, durationMs: durationMs() }
  }
}

/** A character that was cut at the end is left out. */
const textOf = (bytes: Uint8Array) => storableText(new TextDecoder().decode(bytes, { stream: true }))
