/** Rules for what goes wrong between the platform and a provider: no answer, a refusal, an answer that does not fit. */
import type { SendFailure } from './effects.ts'
import { byStatus } from './explain-status.ts'
import {
  AGAIN,
  againNext,
  authorNext,
  LOOK_FIRST,
  listWords,
  operatorNext,
  type Rule,
  say,
  told,
} from './explanation-words.ts'
import { explainSaying } from './provider-sayings.ts'

const again: Rule = (facts) => say('provider', told(facts), againNext(facts))

/** Codes of the platform's own machine and network. */
const OURS: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'its DNS does not answer',
  EMFILE: 'it has too many connections open',
  ENFILE: 'it has too many files open',
  EADDRNOTAVAIL: 'it has no free port left',
  ENETUNREACH: 'it has no network to the provider',
  ENOBUFS: 'it has no memory left for connections',
}

const NO_SUCH_NAME: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA'])
const IS_TLS = /CERT|SSL|TLS|SIGNATURE|SIGNED/

const noConnection: Rule = (facts) => {
  const { error, hostGiver } = facts
  const { cause = '' } = error.details
  if (Object.hasOwn(OURS, cause)) {
    return say('platform', told(facts), `${operatorNext(OURS[cause] ?? '')} Try again in a moment.`)
  }
  if (IS_TLS.test(cause)) {
    return say(
      'provider',
      told(facts),
      'The provider has to renew or correct its certificate; until then nothing can be sent to it safely.',
    )
  }
  if (!NO_SUCH_NAME.has(cause)) return say('provider', told(facts), AGAIN)
  if (hostGiver === 'connection')
    return say(
      'connection',
      told(facts),
      'Check the address that the account was connected with, then reconnect it.',
    )
  if (hostGiver === 'input') return say('input', told(facts), 'Correct the address in the input.')
  return say('definition', told(facts), authorNext('the host in the URL does not exist; correct it'))
}

const blocked: Rule = (facts) => {
  const {
    error: { details },
    hostGiver,
  } = facts
  if (details['refusal'] === 'undeclared-host') {
    return say(
      'definition',
      told(facts),
      authorNext('name the host in the URL of a request or in "allowedHosts"'),
    )
  }
  if (hostGiver === 'connection')
    return say(
      'connection',
      told(facts),
      'Reconnect the account with an address that the internet can reach; a provider inside your own network needs ALLOW_PRIVATE_NETWORKS on the platform.',
    )
  if (hostGiver === 'input') return say('input', told(facts), 'Give another address in the input.')
  if (details['refusal'] === 'private-address')
    return say(
      'definition',
      told(facts),
      authorNext(
        'the host has to be on the public internet; where the provider is in a private network, the operator opens that with ALLOW_PRIVATE_NETWORKS',
      ),
    )
  return say('definition', told(facts), authorNext('the request may not be sent as it is'))
}

/** Requests that got no answer. */
const BY_FAILURE = {
  connect: noConnection,
  network: (facts) => (IS_TLS.test(facts.error.details.cause ?? '') ? noConnection(facts) : again(facts)),
  timeout: again,
  deadline: (facts) =>
    say(
      'limit',
      told(facts),
      `The time of the whole run was over: give it less to do at once, or try again when the provider is faster.${facts.writes ? ` ${LOOK_FIRST}` : ''}`,
    ),
  blocked,
  'too-large': (facts) =>
    say('limit', told(facts), 'Ask for less at once, such as a shorter list or fewer fields.'),
  'too-many-redirects': (facts) =>
    say(
      'provider',
      told(facts),
      'The provider has to mend its redirects; where its address has changed, the author of the app names the new one.',
    ),
  'rate-limited': (facts) => say('limit', told(facts), 'Wait a minute, then try again.'),
  aborted: ({ writes }) =>
    say(
      'platform',
      'The platform stopped before the request was done.',
      writes ? `Try again in a moment. ${LOOK_FIRST}` : 'Try again in a moment.',
    ),
} as const satisfies Record<SendFailure | 'deadline', Rule>

const noAnswer: Rule = (facts) => {
  const { failure } = facts.error.details
  return failure !== undefined && Object.hasOwn(BY_FAILURE, failure)
    ? (BY_FAILURE[failure as keyof typeof BY_FAILURE] as Rule)(facts)
    : undefined
}

/** A refresh that did not work, of a grant that may still be good. */
const failedRefresh: Rule = (facts) => {
  const {
    error: { details, retryable },
    status,
  } = facts
  if (details['request'] !== 'refresh_token') return undefined
  if (retryable || (status !== undefined && status >= 500)) return say('provider', told(facts), AGAIN)
  if (/client/.test(details.providerError ?? ''))
    return say(
      'platform',
      told(facts),
      operatorNext('the provider refuses the client id or secret of the app'),
    )
  return say('connection', told(facts), 'Reconnect the account, then try again.')
}

/** Trying an account: what the provider refuses there is the credentials. */
const refusedAccount: Rule = (facts) => {
  const {
    error: { code, details },
    status,
  } = facts
  if (code !== 'TEST_FAILED') return undefined
  if (status !== undefined && status >= 500) return undefined
  const { notFound, providerMessage } = details
  if (notFound !== undefined && providerMessage === undefined && status !== undefined && status < 400) {
    return say(
      'definition',
      `The answer of the provider holds no ${notFound} where the app looks for it.`,
      authorNext(
        `correct the mapping of ${notFound}. Where other accounts can be connected, check the credentials instead`,
      ),
    )
  }
  return status === undefined && details.failure !== undefined
    ? undefined
    : say('connection', told(facts), 'Check the credentials at the provider, then enter them again.')
}

/** A good status, and an answer that is not what the app expects. */
const unfitAnswer: Rule = (facts) => {
  const {
    error: { path, details },
    isPage,
    isBrokenJson,
  } = facts
  const isMapping = path !== undefined && /\/mapping(\/|$)/.test(path)
  const isList = path?.endsWith('/dataPath') ?? false
  if (!isMapping && !isList) return undefined
  if (isPage)
    return say(
      'provider',
      'The provider answered with a web page in the place of data.',
      'Open the provider in a browser: such a page often tells of maintenance or a sign-in. Where it does not, the address of the request is wrong.',
    )
  if (isBrokenJson)
    return say(
      'provider',
      'The provider answered with JSON that is cut off or broken.',
      'Try again later; where it stays, tell the provider that its JSON does not parse.',
    )
  if (isList)
    return say(
      'definition',
      told(facts),
      authorNext('correct dataPath; the record shows what the answer holds'),
    )
  return say(
    'definition',
    told(facts),
    authorNext(
      details.computedBy !== undefined
        ? 'correct the function that the mapping computes with'
        : 'correct the mapping; the record of the run shows the answer and what each entry found',
    ),
  )
}

/** A good status whose words say that it failed. */
const refusedInWords: Rule = (facts) => {
  const { status, inputsNamed } = facts
  if (status === undefined || status >= 400) return undefined
  const saying = explainSaying(facts)
  if (saying) return saying
  if (inputsNamed.length > 0) return say('input', told(facts), `Check ${listWords(inputsNamed)}.`)
  return say(
    'provider',
    told(facts),
    'Do what the provider says; where that makes no sense, tell the author of the app.',
  )
}

/** In order: the first that has something to say wins. */
export const EXTERNAL_RULES: readonly Rule[] = [
  failedRefresh,
  refusedAccount,
  noAnswer,
  unfitAnswer,
  byStatus,
  refusedInWords,
]
