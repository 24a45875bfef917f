import type { Definition, WebhookDefinition } from '../document.ts'
import { readOwn, setOwn } from '../expression/own.ts'
import { type CompiledHandler, compileHandler } from '../record/map-record.ts'
import { under } from '../schema/pointer.ts'
import { type CompiledCustomer, compileCustomerExtraction } from './extract-customer.ts'
import { compileEventExtraction, type ExtractEvent } from './extract-event.ts'
import { type CompiledTransactionId, compileTransactionId } from './extract-transaction-id.ts'
import { compileChallenge, type MatchChallenge } from './match-challenge.ts'
import type { Headers } from './read-header.ts'
import { compilePart } from './read-part.ts'
import { type CompiledVerification, compileVerification } from './verify-signature.ts'

/** What the provider is answered, ready to be written. */
export interface WebhookResponse {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
}

/** Everything that a version says of deliveries, in the order in which a delivery meets it. */
export interface CompiledWebhook {
  matchChallenge: MatchChallenge
  verification: CompiledVerification
  eventOf: ExtractEvent
  /** Absent: nothing is deduplicated. */
  transactionId?: CompiledTransactionId
  /** Headers that may be stored: not those that carry a proof or a session. */
  storedHeaders(headers: Headers): Record<string, string>
  /** Events with one key are processed in the order of arrival; `undefined` for those that need no order. */
  orderingKeyOf(payload: unknown, event: string | undefined): string | undefined
  customerOf(event: string | undefined): CompiledCustomer | undefined
  handlerOf(event: string | undefined): CompiledHandler | undefined
  /** The value that equals the `uid` of an install, of a first-party app with one URL for all; empty where there is none. */
  merchantOf?: (payload: unknown) => string
  uninstallEvents: ReadonlySet<string>
  /** Those that the definition names: of triggers, handlers, `customerExtraction.overrides` and `uninstallEvents`. */
  knownEvents: ReadonlySet<string>
  response: WebhookResponse
}

/**
 * Compiles what a definition says of inbound webhooks, once per version; `undefined` where it has none.
 *
 * @throws DefinitionError where a path, key or reference cannot mean anything; validation reports the same first
 */
export function compileWebhook({ webhook, sync, triggers }: Definition): CompiledWebhook | undefined {
  if (webhook === undefined || webhook === null) return undefined
  const verification = compileVerification(webhook)
  const transactionId = compileTransactionId(webhook)
  const handlers = new Map(
    Object.entries(sync?.webhooks?.handlers ?? {}).map(([event, handler]) => [
      event,
      compileHandler(handler, sync ?? {}, under('/sync/webhooks/handlers', event)),
    ]),
  )
  const handlerOf = (event: string | undefined) => (event === undefined ? undefined : handlers.get(event))
  const customerOf = compileCustomerExtraction(webhook)
  const { merchantExtraction, uninstallEvents = [] } = webhook
  return {
    matchChallenge: compileChallenge(webhook, verification),
    verification,
    eventOf: compileEventExtraction(webhook),
    ...(transactionId && { transactionId }),
    storedHeaders: compileStoredHeaders(verification),
    orderingKeyOf: (payload, event) => {
      const handler = handlerOf(event)
      const code = handler?.codeOf(payload)
      if (handler !== undefined && code !== undefined) return `${handler.contentType}/${code}`
      return customerKey(customerOf(event), payload)
    },
    customerOf,
    handlerOf,
    ...(merchantExtraction && { merchantOf: compileMerchant(merchantExtraction.path) }),
    uninstallEvents: new Set(uninstallEvents),
    knownEvents: new Set([
      ...(triggers ?? []).map(({ event }) => event),
      ...handlers.keys(),
      ...Object.keys(webhook.customerExtraction?.overrides ?? {}),
      ...uninstallEvents,
    ]),
    response: compileResponse(webhook),
  }
}

/** The key of the customer's own record too: what changes the customer waits for what is about them. */
function customerKey(compiled: CompiledCustomer | undefined, payload: unknown): string | undefined {
  if (compiled === undefined || compiled.computeCalls(payload).length > 0) return undefined
  const { customer } = compiled.extract(payload)
  const known = customer?.code ?? customer?.primaryEmail ?? customer?.primaryPhone
  return known === undefined ? undefined : `core:customer/${known}`
}

function compileMerchant(path: string): (payload: unknown) => string {
  const read = compilePart({ source: 'body', path }, '/webhook/merchantExtraction/path')
  return (body) => read({ headers: {}, query: {}, body })
}

const NEVER_STORED = ['authorization', 'cookie', 'proxy-authorization']

function compileStoredHeaders({
  header,
}: CompiledVerification): (headers: Headers) => Record<string, string> {
  const left = new Set([...NEVER_STORED, ...(header === undefined ? [] : [header])])
  return (headers) => {
    const stored: Record<string, string> = {}
    for (const name in headers) {
      const value = readOwn(headers, name)
      if (typeof value === 'string' && !left.has(name.toLowerCase())) setOwn(stored, name, value)
    }
    return stored
  }
}

/** Answers that have no body, whatever the definition says (RFC 9110). */
const WITHOUT_BODY = [204, 205]

/** Specification 5.1: 200 and `{"ok":true}` where the definition does not say. */
function compileResponse({ response = {} }: WebhookDefinition): WebhookResponse {
  const { statusCode: status = 200, headers = {} } = response
  if (WITHOUT_BODY.includes(status)) return { status, headers, body: '' }
  const body = response.body === undefined ? { ok: true } : response.body
  const [type, text] =
    typeof body === 'string'
      ? ['text/plain; charset=utf-8', body]
      : ['application/json; charset=utf-8', JSON.stringify(body)]
  return { status, headers: { ...headers, 'content-type': type }, body: text }
}
