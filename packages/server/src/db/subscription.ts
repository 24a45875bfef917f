import type { Log } from '../log.ts'

/** Letters, digits and underscores, at most the 63 bytes of a PostgreSQL identifier. */
const CHANNEL = /^[a-z][a-z0-9_]{0,62}$/

interface Subscription {
  onPayload(payload: string): void
  onLost?: (() => void) | undefined
}

/** Who listens to what, in this process; the engines do the listening itself. */
export interface Subscriptions {
  /** @returns a function that removes the subscription and says whether it was the channel's last */
  add(channel: string, subscription: Subscription): () => boolean
  channels(): string[]
  dispatch(channel: string, payload: string): void
  /** Tells everybody that notifications may have been missed. */
  lost(): void
}

export function createSubscriptions(log: Log): Subscriptions {
  const byChannel = new Map<string, Set<Subscription>>()
  const guarded = (callback: () => void) => {
    try {
      callback()
    } catch (error) {
      log.error('database.notified', { error })
    }
  }
  return {
    add(channel, subscription) {
      if (!CHANNEL.test(channel)) throw new TypeError(`"${channel}" is no channel name: a-z, 0-9 and _ only.`)
      const subscribers = byChannel.get(channel) ?? new Set()
      byChannel.set(channel, subscribers.add(subscription))
      return () => {
        if (!subscribers.delete(subscription) || subscribers.size > 0) return false
        byChannel.delete(channel)
        return true
      }
    },
    channels: () => [...byChannel.keys()],
    dispatch(channel, payload) {
      for (const { onPayload } of [...(byChannel.get(channel) ?? [])]) guarded(() => onPayload(payload))
    },
    lost() {
      for (const subscribers of [...byChannel.values()]) {
        for (const { onLost } of [...subscribers]) if (onLost) guarded(onLost)
      }
    },
  }
}
