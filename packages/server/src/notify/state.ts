/**
 * The circuit of a subscription (specification 11): closed → open after five failed attempts in a row → half-open when its
 * time is over, in which one attempt decides: closed again, or open for as long again.
 */
import type { Row } from '../db/schema.ts'

export const FAILURES_TO_OPEN = 5
export const CIRCUIT_OPEN_MS = 5 * 60_000

export type CircuitState = 'closed' | 'open' | 'half-open'
export type Circuit = Pick<Row<'subscription'>, 'consecutiveFailures' | 'circuitOpenUntil'>

/** @param now milliseconds since the epoch */
export function circuitState({ circuitOpenUntil }: Circuit, now: number): CircuitState {
  if (circuitOpenUntil === null) return 'closed'
  return circuitOpenUntil.getTime() > now ? 'open' : 'half-open'
}

/** How many attempts may be under way together, so that the circuit opens at the fifth failure and not behind it. */
export function attemptsAllowed(
  circuit: Circuit,
  { now, underWay }: { now: number; underWay: number },
): number {
  const byState = {
    closed: FAILURES_TO_OPEN - circuit.consecutiveFailures - underWay,
    open: 0,
    'half-open': 1 - underWay,
  } satisfies Record<CircuitState, number>
  return Math.max(0, byState[circuitState(circuit, now)])
}

export const CLOSED = { consecutiveFailures: 0, circuitOpenUntil: null } as const satisfies Circuit

export function afterFailure(circuit: Circuit, now: number): Circuit {
  const consecutiveFailures = circuit.consecutiveFailures + 1
  const opens = consecutiveFailures >= FAILURES_TO_OPEN
  return {
    consecutiveFailures,
    circuitOpenUntil: opens ? new Date(now + CIRCUIT_OPEN_MS) : circuit.circuitOpenUntil,
  }
}
