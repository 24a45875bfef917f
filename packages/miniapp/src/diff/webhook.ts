import type { Definition, WebhookDefinition } from '../document.ts'
import type { Comparison, DiffContext } from './comparison.ts'
import { compareDeduplication } from './deduplication.ts'
import { compareEventNames } from './event-names.ts'
import { plainPath, plainRules, RECORD, withoutDefaults } from './plain-rule.ts'
import { same } from './same.ts'
import { compareVerification } from './verification.ts'

/** Both versions have a webhook. */
export interface WebhookPair {
  before: WebhookDefinition
  after: WebhookDefinition
}

/** How events come in (05). */
export const compareWebhook: Comparison = (context) => {
  const [before, after] = [webhookOf(context.before), webhookOf(context.after)]
  if (before === undefined && after === undefined) return
  if (after === undefined) {
    const reason =
      'Events are no longer received: nothing starts on them, and records are not kept up to date.'
    context.report('webhook-removed', 'before', '/webhook', reason)
  } else if (before === undefined) {
    context.report('webhook-added', 'after', '/webhook', 'Events of the provider are received.')
  } else {
    const pair = { before, after }
    compareVerification(context, pair)
    compareEventNames(context, pair)
    compareDeduplication(context, pair)
    compareCustomers(context, pair)
    compareRest(context, pair)
  }
}

export function webhookOf({ webhook }: Definition): WebhookDefinition | undefined {
  return webhook ?? undefined
}

function compareCustomers({ report }: DiffContext, { before, after }: WebhookPair): void {
  const [from, to] = [customersOf(before), customersOf(after)]
  if (same(from, to)) return
  const side = after.customerExtraction === undefined ? 'before' : 'after'
  const pointer = '/webhook/customerExtraction'
  if (from !== undefined && !same(codesOf(from), codesOf(to))) {
    const reason = 'The customer of an event gets another code: customers known so far are not found again.'
    report('customer-code-changed', side, pointer, reason)
  } else {
    report('behaviour-changed', side, pointer, 'Customers are read from events in another way.')
  }
}

interface Customers {
  root: ReturnType<typeof customerRules>
  overrides: Record<string, ReturnType<typeof customerRules>>
}

function customersOf({ customerExtraction }: WebhookDefinition): Customers | undefined {
  if (customerExtraction === undefined) return undefined
  const { basePath, mapping, overrides = {} } = customerExtraction
  const own = Object.entries(overrides).map(([event, override]) => [
    event,
    customerRules(override.basePath ?? basePath, override.mapping ?? mapping),
  ])
  return { root: customerRules(basePath, mapping), overrides: Object.fromEntries(own) }
}

function customerRules(
  basePath: string | undefined,
  mapping: NonNullable<WebhookDefinition['customerExtraction']>['mapping'],
) {
  const base = basePath === undefined || basePath === '' ? '[]' : plainPath(basePath)
  const rootIsElsewhere = base !== '[]'
  return { base, rules: plainRules(mapping, { ...RECORD, rootIsElsewhere }) }
}

function codesOf(customers: Customers | undefined) {
  const code = ({ base, rules }: Customers['root']) => rules['code'] && [base, rules['code']]
  return (
    customers && [
      code(customers.root),
      Object.entries(customers.overrides).map(([event, rules]) => [event, code(rules)]),
    ]
  )
}

const RESPONSE_DEFAULTS = { statusCode: 200 } as const

function compareRest({ report }: DiffContext, { before, after }: WebhookPair): void {
  const changed = (name: keyof WebhookDefinition, reason: string) =>
    report('behaviour-changed', after[name] === undefined ? 'before' : 'after', `/webhook/${name}`, reason)
  if (!same(before.challengeResponse, after.challengeResponse))
    changed('challengeResponse', 'The handshake of the provider is answered in another way.')
  const [said, says] = [before.response ?? {}, after.response ?? {}]
  if (!same(withoutDefaults(said, RESPONSE_DEFAULTS), withoutDefaults(says, RESPONSE_DEFAULTS)))
    changed('response', 'The provider is answered in another way.')
  if (!same(before.uninstallEvents?.toSorted(), after.uninstallEvents?.toSorted()))
    changed('uninstallEvents', 'Other events disconnect the app.')
  if (!same(before.ecommerce, after.ecommerce))
    changed('ecommerce', 'The deprecated `ecommerce` part changed.')
  const [from, to] = [before.merchantExtraction?.path, after.merchantExtraction?.path]
  if (same(from && plainPath(from), to && plainPath(to))) return
  report(
    'merchant-changed',
    to === undefined ? 'before' : 'after',
    '/webhook/merchantExtraction',
    'Deliveries are given to workspaces by another value: those of connected accounts may find none.',
  )
}
