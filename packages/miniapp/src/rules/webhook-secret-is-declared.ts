import { nearestName } from '../schema/nearest-name.ts'
import { hasConnectForm, isDeclared } from './installed-names.ts'
import type { Rule, RuleContext } from './rule.ts'

/** The `secretKey` of the verification is a config key, a form field or a mapped credential (1.2). */
export const webhookSecretIsDeclared: Rule = (context) => {
  const { survey, report } = context
  const secretKey = survey.webhook.value?.verification?.secretKey
  if (secretKey === undefined || !survey.isIntact('/auth')) return
  if (isDeclared(survey, secretKey, new Map(Object.entries(survey.auth.form ?? {})))) return
  report(
    'unknown-webhook-secret',
    '/webhook/verification/secretKey',
    `\`${secretKey}\` is no key of \`auth.config\`, no form field and no mapped credential; ${remedy(context, secretKey)}`,
  )
}

function remedy({ survey, scopes }: RuleContext, secretKey: string): string {
  const known = [...scopes.installed.credentials].filter((name) => name !== secretKey)
  const near = nearestName(secretKey.replaceAll(/[[\]{}]/g, ''), known)
  if (near !== undefined) return `did you mean \`${near}\`?`
  return hasConnectForm(survey)
    ? 'the connect form gets an optional password field of that name.'
    : 'add it to `auth.config`, or a mapping that yields it.'
}
