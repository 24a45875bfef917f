/**
 * What becomes of a `state` and of a ticket (specification 3.4): open → used, once, and open → expired after ten minutes.
 * What is used or expired stays so; its row is kept a while longer, so that whoever comes late is told why.
 */
import { timingSafeEqual } from 'node:crypto'

/** Milliseconds from the start to the provider's answer, and from making a ticket to its use. */
export const LIFETIME_MS = 10 * 60_000

/** Milliseconds for which a row outlives its expiry: an answer that comes later than a day is not explained any more. */
export const EXPLAINED_MS = 24 * 60 * 60_000

export type TicketRefusal = 'unknown' | 'used' | 'expired'
export type StateRefusal = TicketRefusal | 'other-browser'

interface Kept {
  ns: string
  usedAt: Date | null
  expiresAt: Date
}

interface Use {
  ns: string
  now: number
}

/** Why a ticket cannot be used, or `undefined` where it can. One of another app counts as unknown. */
export function refusalOfTicket(ticket: Kept | undefined, { ns, now }: Use): TicketRefusal | undefined {
  if (ticket?.ns !== ns) return 'unknown'
  if (ticket.usedAt) return 'used'
  return ticket.expiresAt.getTime() <= now ? 'expired' : undefined
}

/**
 * Why an answer with this state is refused, or `undefined` where it may be taken.
 * @param use.browserHashes of the values that the request's cookie of this state has
 */
export function refusalOfState(
  state: (Kept & { browserHash: Uint8Array }) | undefined,
  use: Use & { browserHashes: readonly Uint8Array[] },
): StateRefusal | undefined {
  const refusal = refusalOfTicket(state, use)
  if (refusal || !state) return refusal ?? 'unknown'
  return use.browserHashes.some((hash) => isSame(hash, state.browserHash)) ? undefined : 'other-browser'
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
