import { randomUUID } from 'node:crypto'
import type { CompiledWebhook } from 'miniapp/webhook'
import { parseBody } from 'miniapp/webhook'
import { CliError } from '../cli-error.ts'
import type { Outcome } from '../outcome.ts'
import { failureReason } from '../server/request.ts'
import { namedServer, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'
import type { SignedApp } from './load-webhook.ts'
import { type DeliveryOptions, readDelivery, type Unsigned, withHeaders } from './read-delivery.ts'
import { type Answer, type Sent, sentOutcome } from './render-sent.ts'
import { cannotSign, readSecrets, type SecretOptions, type WebhookSecrets } from './secrets.ts'
import { type TamperName, tampering } from './tamper.ts'

export interface SendOptions extends DeliveryOptions, SecretOptions, ServerOptions {
  /** Where it is sent to, in the place of the server's own address for the app. */
  to?: string
  times: number
  tamper?: TamperName
}

/** Milliseconds: longer than the server takes to give up on its database. */
const TIMEOUT_MS = 60_000
/** Characters of an answer that are shown. */
const ANSWER_CHARACTERS = 2_000

/**
 * Signs a delivery as the provider would, and sends it.
 *
 * @throws CliError where there is nothing to send or to sign with, or nobody takes it
 */
export async function sendWebhook(
  app: SignedApp,
  webhook: CompiledWebhook,
  options: SendOptions,
  shell: Shell,
): Promise<Outcome> {
  const { definition, ns } = app.compiled
  const unsigned = await readDelivery(app, options, shell.directory)
  const secrets = await readSecrets(app, options, shell)
  const url = withQuery(await targetOf(ns, options, shell), unsigned.query)
  const signed = await sign(app, webhook, { unsigned, secrets, url, tamper: options.tamper })
  const answers: Answer[] = []
  for (let sent = 0; sent < options.times; sent += 1) answers.push(await post(signed, secrets.redact))
  const { verification } = webhook
  const sent: Sent = {
    ns,
    ...identityOf(webhook, unsigned),
    url: secrets.redact(signed.url),
    from: unsigned.from,
    type: verification.type,
    header: verification.header,
    secret: signed.secret,
    tampered: tampering(options.tamper)?.what,
    canBeFresh: definition.webhook?.transactionId !== undefined && !options.fresh,
    isOurs: options.to === undefined,
    answers,
  }
  return sentOutcome(sent)
}

/** @throws CliError where `--to` is no address */
async function targetOf(ns: string, { to, ...options }: SendOptions, shell: Shell): Promise<string> {
  if (to === undefined) return `${await namedServer(shell, options)}/miniapps/${ns}/webhooks`
  const url = URL.parse(to)
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href
  throw new CliError('usage', `"${to}" is no address to send to.`, {
    next: ['It begins with http:// or https://, for example --to http://127.0.0.1:4100'],
  })
}

function withQuery(address: string, query: Readonly<Record<string, string>>): string {
  const url = new URL(address)
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value)
  return url.href
}

interface Signed {
  url: string
  headers: Record<string, string>
  rawBody: Uint8Array
  /** Where the secret that was used came from, in words. */
  secret: string | undefined
}

async function sign(
  app: SignedApp,
  { verification }: CompiledWebhook,
  {
    unsigned,
    secrets,
    url,
    tamper,
  }: { unsigned: Unsigned; secrets: WebhookSecrets; url: string; tamper: TamperName | undefined },
): Promise<Signed> {
  const { before, after } = tampering(tamper) ?? {}
  const honest = {
    delivery: { ...unsigned, url, now: Date.now(), id: randomUUID() },
    bags: secrets.bags,
    keys: secrets.keys,
  }
  const { delivery, bags, keys } = before?.(honest, app.compiled.definition) ?? honest
  try {
    const made = await verification.sign(delivery, bags, keys)
    const headers = withHeaders(delivery.headers, made.headers)
    const complete = { headers, rawBody: delivery.rawBody }
    const verdict = await verification.verify({ ...delivery, ...complete, url: made.url }, bags)
    return {
      url: made.url,
      ...(after?.(complete, verification.header) ?? complete),
      secret:
        tamper !== 'secret' && verdict.ok && verdict.secret ? secrets.originOf(verdict.secret) : undefined,
    }
  } catch (error) {
    throw cannotSign(app, error)
  }
}

/** What the definition reads from it. */
function identityOf(webhook: CompiledWebhook, { headers, query, rawBody }: Unsigned) {
  const parsed = parseBody({ headers, rawBody })
  const read = { headers, query, rawBody, body: parsed.ok ? parsed.body : undefined }
  const event = webhook.eventOf(read)
  const transaction = webhook.transactionId?.idOf(read, event)
  return { event, transactionId: transaction && 'id' in transaction ? transaction.id : undefined }
}

async function post({ url, headers, rawBody }: Signed, redact: (text: string) => string): Promise<Answer> {
  const startedAt = performance.now()
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: rawBody as Uint8Array<ArrayBuffer>,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const text = redact(await response.text())
    return {
      status: response.status,
      body: text.length > ANSWER_CHARACTERS ? `${text.slice(0, ANSWER_CHARACTERS)}…` : text,
      durationMs: Math.round(performance.now() - startedAt),
    }
  } catch (cause) {
    throw new CliError(
      'unreachable',
      `Nobody takes the delivery at ${redact(url)} (${failureReason(cause, TIMEOUT_MS)}).`,
      {
        next: ['Start the server with npm start, or name where to send with --server URL or --to URL.'],
        cause,
      },
    )
  }
}
