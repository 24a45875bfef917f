/**
 * The states of an install (specification 3.2) and what each allows.
 *
 * installed → connected by connecting; connected → error when a grant dies or a registration fails; error → connected by
 * reconnecting, refreshing or retrying; connected and error → installed by disconnecting. The operator suspends any install;
 * lifting the suspension leaves it installed, to be connected again.
 */
export type InstallState = 'installed' | 'connected' | 'error' | 'suspended'
export type InstallErrorCode = 'AUTH_EXPIRED' | 'REGISTRATION_FAILED'

export const TRANSITIONS = {
  installed: ['connected', 'suspended'],
  connected: ['connected', 'error', 'installed', 'suspended'],
  error: ['connected', 'error', 'installed', 'suspended'],
  suspended: ['installed'],
} as const satisfies Record<InstallState, readonly InstallState[]>

export function mayBecome(from: InstallState, to: InstallState): boolean {
  return (TRANSITIONS[from] as readonly InstallState[]).includes(to)
}

/** Why actions and sources are refused, or `undefined` where they may run. */
export type Refusal = 'NOT_INSTALLED' | 'NOT_CONFIGURED' | 'AUTH_EXPIRED'

/** @param needsConnection false for `auth.type: "none"` */
export function refusalOf(
  install: { state: InstallState; errorCode: string | null },
  needsConnection: boolean,
): Refusal | undefined {
  const byState = {
    installed: needsConnection ? 'NOT_CONFIGURED' : undefined,
    connected: undefined,
    error: install.errorCode === 'AUTH_EXPIRED' ? 'AUTH_EXPIRED' : undefined,
    suspended: 'NOT_INSTALLED',
  } as const satisfies Record<InstallState, Refusal | undefined>
  return byState[install.state]
}

/** The state of an install in two words. */
export interface StatePair {
  state: InstallState
  errorCode: InstallErrorCode | null
}

/**
 * What a refresh leaves an install in: a connection that had expired works again, and what was not registered yet waits
 * for its retry. `undefined`: as it is.
 */
export function stateAfterRefresh(install: {
  state: InstallState
  errorCode: string | null
  pendingRegistrations: number
}): StatePair | undefined {
  if (install.errorCode !== 'AUTH_EXPIRED') return undefined
  return install.pendingRegistrations > 0
    ? { state: 'error', errorCode: 'REGISTRATION_FAILED' }
    : { state: 'connected', errorCode: null }
}

/** A registration without a sign of life for this long was left, by a process that ended (specification 3.2). */
export const REGISTRATION_LEFT_MS = 60_000

/** What may be done about the registration of an install. */
export type RegistrationStatus =
  /** Nothing is pending, or nothing is connected. */
  | 'none'
  /** Somebody is at it. */
  | 'under-way'
  /** Nobody is at it any more. */
  | 'left'
  /** A request failed; a retry goes on with it. */
  | 'failed'

/** @param now milliseconds since the epoch */
export function registrationStatus(
  install: {
    state: InstallState
    errorCode: string | null
    pendingRegistrations: number
    connectingSince: Date | null
  },
  now: number,
): RegistrationStatus {
  if (install.pendingRegistrations === 0) return 'none'
  if (install.state === 'error') return install.errorCode === 'REGISTRATION_FAILED' ? 'failed' : 'none'
  if (install.state !== 'connected') return 'none'
  const since = install.connectingSince?.getTime() ?? 0
  return now - since >= REGISTRATION_LEFT_MS ? 'left' : 'under-way'
}

/** `isAuthenticated` of the API: connected, nothing to connect, or only the registration failed. */
export function isAuthenticated(
  install: { state: InstallState; errorCode: string | null } | undefined,
  needsConnection: boolean,
): boolean {
  return install !== undefined && refusalOf(install, needsConnection) === undefined
}
