import type { WebhookDefinition } from '../document.ts'

type Verification = NonNullable<WebhookDefinition['verification']>

/**
 * Whether an HMAC block is the public Slack example, which cannot verify as it stands: it is read as the preset `slack`
 * (specification 5.2).
 */
export function isReadAsSlack({ type, headerName, signedPayload, prefix }: Verification): boolean {
  return (
    type === 'hmac-sha256' &&
    headerName?.toLowerCase() === 'x-slack-signature' &&
    signedPayload === undefined &&
    prefix === undefined
  )
}
