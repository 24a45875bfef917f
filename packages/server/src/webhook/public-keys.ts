import { parseJson } from 'miniapp'
import type { VerifyEffects } from 'miniapp/webhook'
import { BoundedCache, isFresh, perContext } from '../cache.ts'
import type { Context } from '../context.ts'

const KEY_SETS_KEPT = 500
/** A key that the provider withdrew counts so much longer. */
const KEY_SET_MAX_AGE_MS = 10 * 60_000
/** A forged token names a key that does not exist: it must not make us ask the provider for each delivery. */
const REFRESH_INTERVAL_MS = 30_000
/** Providers wait some ten seconds for the answer to a delivery. */
const FETCH_TIMEOUT_MS = 5_000

interface Asked {
  keys: Promise<unknown>
  at: number
}

interface KeySet {
  /** Answered, failed or under way. */
  last: Asked
  /** The last that were had. */
  good: Asked | undefined
}

const keySetsOf = perContext((_context: Context) => new BoundedCache<KeySet>(KEY_SETS_KEPT))

/**
 * Fetches key sets of providers under the rules of all outbound requests (specification 10.4), and keeps them. While a
 * provider does not answer, the keys that are known go on to count until they are too old.
 */
export function publicKeysOf(context: Context, ns: string): VerifyEffects['publicKeys'] {
  const keySets = keySetsOf(context)
  return (url, { refresh }) => {
    const name = `${ns} ${url}`
    const now = context.now()
    const known = keySets.get(name)
    const good = refresh ? undefined : known?.good
    if (good && isFresh(good.at, { now, maxAgeMs: KEY_SET_MAX_AGE_MS })) return good.keys
    if (known && isFresh(known.last.at, { now, maxAgeMs: REFRESH_INTERVAL_MS })) return known.last.keys
    const last = { keys: fetchKeys(context, url), at: now }
    const keySet: KeySet = { last, good: known?.good }
    keySets.set(name, keySet)
    last.keys.then(
      () => {
        keySet.good = last
      },
      () => {},
    )
    return last.keys
  }
}

async function fetchKeys(context: Context, url: string): Promise<unknown> {
  const { hostname } = new URL(url)
  const answer = await context.send(
    {
      method: 'GET',
      url,
      headers: { Accept: 'application/json' },
      credentialHeaders: [],
      credentialQuery: [],
    },
    { timeoutMs: FETCH_TIMEOUT_MS, allowedHosts: [hostname] },
  )
  if (answer.status !== 200) throw new Error(`${hostname} answered ${answer.status} instead of its keys`)
  const keySet = parseJson(new TextDecoder().decode(answer.body))
  const { keys } = (keySet ?? {}) as { keys?: unknown }
  if (!Array.isArray(keys)) throw new Error(`${hostname} answered something else than its keys`)
  return keySet
}
