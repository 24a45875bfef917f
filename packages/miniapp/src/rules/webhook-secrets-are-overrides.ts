import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** A value for the secret of the verification in `auth.config` is better an app config override (1.2, level 3). */
export const webhookSecretsAreOverrides: Rule = ({ survey, report }) => {
  const { secretKey, jwt, basic } = survey.webhook.value?.verification ?? {}
  for (const name of new Set([secretKey, jwt?.secretKey, basic?.passwordKey])) {
    if (name === undefined || !Object.hasOwn(survey.auth.config, name)) continue
    const value = survey.auth.config[name]
    if (typeof value !== 'string' || value.trim() === '') continue
    report(
      'webhook-secret-in-config',
      under('/auth/config', name),
      `\`${name}\` verifies webhooks, and everybody who reads the definition could sign events with it; leave it empty (\`""\`) and let the operator set an app config override.`,
    )
  }
}
