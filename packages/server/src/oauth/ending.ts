/** How an authorization can end, in words for the person before the popup and as a message for the page behind it. */
import type { ErrorCode } from 'miniapp'
import type { ApiErrorCode, PublicError } from '../errors.ts'
import type { Connection } from '../install/complete-connect.ts'
import type { InstallErrorCode } from '../install/state.ts'
import { LIFETIME_MS, type StateRefusal, type TicketRefusal } from './state.ts'

/** What the opener of the popup is told (specification 3.4). */
export interface OauthMessage {
  type: 'miniapp_oauth'
  ns: string
  status: 'connected' | 'error'
  error?: { code: ErrorCode | ApiErrorCode | InstallErrorCode; message: string }
}

export interface Ending {
  httpStatus: number
  title: string
  text: string
  /** The page that opened the popup, where it named itself at the start. Without it nobody is told. */
  notice?: { message: OauthMessage; openerOrigin: string }
}

/** Who is to be told, as far as it is known at this point. */
export interface Opener {
  ns: string
  openerOrigin: string | null
}

const MINUTES = LIFETIME_MS / 60_000
const AGAIN = 'Nothing was connected. Close this window and connect again from where you began.'

const REFUSALS = {
  malformed: {
    title: 'This address is not complete',
    text: `The address holds something twice, or lacks what the provider sends with its answer. ${AGAIN}`,
  },
  unknown: {
    title: 'This sign-in is not known here',
    text: `It was begun long ago, or for another app, or somewhere else. ${AGAIN}`,
  },
  used: {
    title: 'This sign-in is over',
    text: 'It works once, and its outcome stands. Close this window; where the app is not connected, connect again from where you began.',
  },
  expired: {
    title: 'This sign-in took too long',
    text: `It must be finished within ${MINUTES} minutes. ${AGAIN}`,
  },
  'other-browser': {
    title: 'This sign-in began in another browser',
    text: `It can be finished only in the browser that began it, with cookies allowed. ${AGAIN}`,
  },
  'no-ticket': {
    title: 'Connecting does not begin here',
    text: 'This address needs a one-time ticket, which miniAppOauthTicket of the API makes. Connect from where you manage your apps.',
  },
  'not-a-window': {
    title: 'This address opens in a window of its own',
    text: 'Providers refuse to be shown inside another page. Open the address in a window or a tab.',
  },
} as const satisfies Record<string, { title: string; text: string }>

export type Refusal = StateRefusal | TicketRefusal | keyof typeof REFUSALS

/**
 * Something was refused before the provider's answer was looked at. The opener is told about what is its own and is over:
 * a sign-in that took too long. The outcome of one that was used before has been told.
 */
export function refused(refusal: Refusal, opener?: Opener): Ending {
  const { title, text } = REFUSALS[refusal]
  const ending = { httpStatus: 400, title, text }
  return refusal === 'expired' && opener
    ? withNotice(ending, opener, { code: 'BAD_USER_INPUT', message: `${title}.` })
    : ending
}

/** The attempt failed; nothing new is stored. */
export function failed(error: PublicError, { label, opener }: { label: string; opener: Opener }): Ending {
  const { code, message } = error
  return withNotice(
    { httpStatus: error.retryable ? 503 : 400, title: `${label} was not connected`, text: message },
    opener,
    { code, message },
  )
}

/** The account is stored. Registering something at the provider may have failed nevertheless. */
export function connected(
  { accountName, error }: Connection,
  { label, opener }: { label: string; opener: Opener },
): Ending {
  const account = accountName === null ? '' : `The account is ${accountName}. `
  if (!error) {
    return withNotice(
      { httpStatus: 200, title: `${label} is connected`, text: `${account}You can close this window.` },
      opener,
    )
  }
  const retry = 'The account is connected; try to set it up again in the settings of the app.'
  return withNotice(
    {
      httpStatus: 200,
      title: `${label} is connected, not set up`,
      text: `${error.message} ${account}${retry}`,
    },
    opener,
    error,
  )
}

function withNotice(ending: Ending, { ns, openerOrigin }: Opener, error?: OauthMessage['error']): Ending {
  if (openerOrigin === null) return ending
  const message: OauthMessage = {
    type: 'miniapp_oauth',
    ns,
    status: error ? 'error' : 'connected',
    ...(error && { error }),
  }
  return { ...ending, notice: { message, openerOrigin } }
}
