/**
 * The states of an install (specification 3.2) and what each allows.
 *
 * installed → connected by connecting; connected → error when a grant dies or a registration fails; error → connected by
 * reconnecting or retrying; connected and error → installed by disconnecting. The operator suspends any install;
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

/** `isAuthenticated` of the API: connected, nothing to connect, or only the registration failed. */
export function isAuthenticated(
  install: { state: InstallState; errorCode: string | null } | undefined,
  needsConnection: boolean,
): boolean {
  return install !== undefined && refusalOf(install, needsConnection) === undefined
}
