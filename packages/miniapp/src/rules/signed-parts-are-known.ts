import { under } from '../schema/pointer.ts'
import type { Rule, RuleContext } from './rule.ts'

const PART = /\{+([^{}]*)\}+/g
const KNOWN = /^(?:body|timestamp|id|url|header:[!#$%&'*+\-.^_`|~0-9A-Za-z]+)$/

/** `signedPayload` is a template over `{body}`, `{timestamp}`, `{id}`, `{url}` and `{header:Name}` (5.2). */
export const signedPartsAreKnown: Rule = (context) => {
  const { pointer, value } = context.survey.webhook
  const verification = value?.verification
  if (verification === undefined) return
  const at = under(pointer, 'verification')
  check(context, under(at, 'signedPayload'), verification.signedPayload)
  check(context, under(at, 'ed25519', 'signedPayload'), verification.ed25519?.signedPayload)
  const names = `${verification.signedPayload} ${verification.ed25519?.signedPayload}`
  if (names.includes('{id}') && verification.idHeader === undefined) {
    context.report(
      'unknown-signed-part',
      at,
      '`signedPayload` names `{id}`, and nothing says where it is; add an `idHeader`, such as `"idHeader": "X-Delivery-Id"`.',
    )
  }
}

function check({ report }: RuleContext, pointer: string, template: string | undefined): void {
  for (const [part, name = ''] of template?.matchAll(PART) ?? []) {
    if (KNOWN.test(name) && part === `{${name}}`) continue
    report(
      'unknown-signed-part',
      pointer,
      `\`${part}\` is no part of a delivery; with single braces there are \`{body}\`, \`{timestamp}\`, \`{id}\`, \`{url}\` and \`{header:Name}\`.`,
    )
    return
  }
}
