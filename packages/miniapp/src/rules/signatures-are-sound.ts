import { isReadAsSlack } from '../webhook/reads-as-slack.ts'
import type { Rule } from './rule.ts'

/** A checked time of signing is signed too; the public Slack example is read as what it means (5.2). */
export const signaturesAreSound: Rule = ({ survey, report }) => {
  const verification = survey.webhook.value?.verification
  if (verification === undefined || !verification.type.startsWith('hmac-')) return
  const { timestampHeader, signedPayload } = verification
  if (isReadAsSlack(verification)) {
    report(
      'read-as-slack',
      '/webhook/verification/type',
      '`type` is read as the preset `slack`, because Slack signs more than the body; write `slack` to say so.',
    )
  } else if (timestampHeader !== undefined && !signedPayload?.includes('{timestamp}')) {
    report(
      'timestamp-not-signed',
      '/webhook/verification/timestampHeader',
      '`timestampHeader` stops no replay, because the time is not signed; name `{timestamp}` in `signedPayload`.',
    )
  }
}
