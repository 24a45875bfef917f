/** Rules for answers with a status from 400 on (RFC 9110, 15.5 and 15.6). */
import { againNext, authorNext, durationWords, listWords, type Rule, say, told } from './explanation-words.ts'
import { explainSaying } from './provider-sayings.ts'

/** What was sent does not fit the provider's rules. */
const unfit: Rule = (facts) => {
  const { inputsNamed, step, giverOf } = facts
  if (inputsNamed.length > 0)
    return say('input', told(facts), `Correct ${listWords(inputsNamed)}, then try again.`)
  const placeholders = step?.kind === 'http' ? step.placeholders : []
  const takesInput = placeholders.some(({ syntax, key }) => syntax === 'input' && giverOf(key) === 'input')
  return takesInput
    ? say(
        'input',
        told(facts),
        'Correct the input as the provider says. Where it fits, the author of the app corrects the request.',
      )
    : say('definition', told(facts), authorNext('correct the request; nothing in it came from the input'))
}

/** The address exists in the definition alone, unless an input stands in it. */
const notFound: Rule = (facts) => {
  const names = facts.inputsInUrl
  if (names.length > 0) {
    return say(
      'input',
      told(facts),
      `Check ${listWords(names)}: the provider has nothing of that name, or the connected account may not see it.`,
    )
  }
  return say(
    'definition',
    told(facts),
    authorNext('correct the URL of the request; the provider knows no such address'),
  )
}

/** Providers that count requests say with these headers that none is left. */
const SPENT_HEADERS = ['x-ratelimit-remaining', 'ratelimit-remaining', 'x-rate-limit-remaining']

const forbidden: Rule = (facts) => {
  const headers = facts.record?.response?.headers ?? {}
  const { retryAfterMs } = facts.error.details
  const isSpent = SPENT_HEADERS.some((name) => headers[name]?.trim() === '0')
  if (isSpent || retryAfterMs !== undefined) {
    const wait = retryAfterMs === undefined ? 'a few minutes' : durationWords(retryAfterMs)
    return say(
      'limit',
      told(facts),
      `Wait ${wait}, then try again; the limit belongs to the connected account.`,
    )
  }
  return (
    explainSaying(facts) ??
    say('connection', told(facts), 'Ask for the permission at the provider, then reconnect the account.')
  )
}

const STATUS_RULES: Readonly<Record<number, Rule>> = {
  400: unfit,
  401: (facts) => say('connection', told(facts), 'Reconnect the account, then try again.'),
  402: (facts) =>
    say(
      'connection',
      told(facts),
      'Look at the plan and the payments of the connected account at the provider.',
    ),
  403: forbidden,
  404: notFound,
  405: (facts) => say('definition', told(facts), authorNext('correct the method or the URL of the request')),
  406: (facts) => say('definition', told(facts), authorNext('correct the Accept header of the request')),
  409: (facts) =>
    say(
      'input',
      told(facts),
      'Look at the provider: it exists already, or was changed meanwhile. Change the input, then try again.',
    ),
  410: (facts) =>
    facts.inputsInUrl.length > 0
      ? notFound(facts)
      : say(
          'definition',
          told(facts),
          authorNext('this URL was switched off; use the present version of the API'),
        ),
  412: unfit,
  413: (facts) => say('limit', told(facts), 'Send less at once.'),
  414: (facts) => say('limit', told(facts), 'Send less at once.'),
  415: (facts) =>
    say('definition', told(facts), authorNext('correct bodyType or the Content-Type header of the request')),
  422: unfit,
  451: (facts) => say('provider', told(facts), 'The provider may not give this out; ask the provider.'),
}

export const byStatus: Rule = (facts) => {
  const { status } = facts
  if (status === undefined || status < 400) return undefined
  const rule = STATUS_RULES[status]
  if (rule) return rule(facts)
  return status >= 500 || status === 408 || status === 425
    ? say('provider', told(facts), againNext(facts))
    : say(
        'provider',
        told(facts),
        'Do what the provider says; where that makes no sense, tell the author of the app.',
      )
}
