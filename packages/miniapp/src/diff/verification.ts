import type { WebhookDefinition } from '../document.ts'
import { isReadAsSlack } from '../webhook/reads-as-slack.ts'
import type { DiffContext } from './comparison.ts'
import { withoutDefaults } from './plain-rule.ts'
import { differing } from './same.ts'
import type { WebhookPair } from './webhook.ts'
import { joined } from './words.ts'

/** What a verification is without saying it (5.2). */
const DEFAULTS = { encoding: 'hex', toleranceSeconds: 300, signedPayload: '{body}' } as const
const DEFAULT_TOLERANCE_SECONDS = 300

/** Whether what providers were told to sign is still accepted (5.2). */
export function compareVerification({ report }: DiffContext, { before, after }: WebhookPair): void {
  const [from, to] = [plainVerification(before), plainVerification(after)]
  const parts = differing([...new Set([...Object.keys(from), ...Object.keys(to)])], from, to)
  if (parts.length === 0) return
  const side = after.verification === undefined ? 'before' : 'after'
  const pointer = '/webhook/verification'
  if (to['type'] === 'none') {
    report(
      'verification-relaxed',
      side,
      pointer,
      'Deliveries are no longer verified: anybody can send events.',
    )
  } else if (parts.length === 1 && parts[0] === 'toleranceSeconds' && tolerance(after) > tolerance(before)) {
    report('verification-relaxed', side, pointer, `Deliveries may be ${tolerance(after)} seconds old.`)
  } else {
    const reason = `Deliveries are verified in another way (${joined(parts)}): those set up at the provider earlier are refused.`
    report('verification-changed', side, pointer, reason)
  }
}

function tolerance({ verification }: WebhookDefinition): number {
  return verification?.toleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS
}

function plainVerification({ verification }: WebhookDefinition): Record<string, unknown> {
  if (verification === undefined || verification.type === 'none') return { type: 'none' }
  const { headerName, timestampHeader, idHeader, signedPayload, ...rest } = verification
  const isSlack = isReadAsSlack(verification)
  return {
    ...withoutDefaults({ ...rest, signedPayload }, DEFAULTS),
    // Read as the preset, which knows its header (5.2).
    ...(isSlack && { type: 'slack' }),
    headerName: isSlack || rest.type === 'slack' ? undefined : headerName?.toLowerCase(),
    timestampHeader: timestampHeader?.toLowerCase(),
    idHeader: idHeader?.toLowerCase(),
  }
}
