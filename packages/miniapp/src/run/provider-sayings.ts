/** What providers say in words where the status does not: in a 200 that is an error, and in a 403. */
import type { FailureExplanation } from '../errors.ts'
import { againNext, type Rule, say, told } from './explanation-words.ts'
import type { Facts } from './failure-facts.ts'

interface Saying {
  pattern: RegExp
  explain: Rule
}

/** In order: the first pattern that is found wins. Matched in lower case. */
const SAYINGS: readonly Saying[] = [
  {
    pattern: /rate.?limit|too.?many|quota|throttl/,
    explain: (facts) =>
      say(
        'limit',
        told(facts),
        'Wait a few minutes, then try again; the limit belongs to the connected account.',
      ),
  },
  {
    pattern: /scope/,
    explain: (facts) =>
      say('connection', told(facts), 'Reconnect the account and allow the scope that the provider names.'),
  },
  {
    pattern:
      /invalid.?auth|not.?authed|unauthori[sz]ed|unauthenticated|token.?(expired|revoked|invalid)|(invalid|expired|bad).?(token|credentials|api.?key)|account.?inactive/,
    explain: (facts) => say('connection', told(facts), 'Reconnect the account, then try again.'),
  },
  {
    pattern: /permission|forbidden|not.?allowed|access.?denied/,
    explain: (facts) =>
      say('connection', told(facts), 'Ask for the permission at the provider, then reconnect the account.'),
  },
  {
    pattern: /internal|server.?error|unavailable|temporar|time.?out|try.?again/,
    explain: (facts) => say('provider', told(facts), againNext(facts)),
  },
]

export function explainSaying(facts: Facts): FailureExplanation | undefined {
  return SAYINGS.find(({ pattern }) => pattern.test(facts.said))?.explain(facts)
}
