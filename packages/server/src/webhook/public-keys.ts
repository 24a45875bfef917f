import { parseJson } from 'miniapp'
import type { VerifyEffects } from 'miniapp/webhook'
import { BoundedCache, perContext } from '../cache.ts'
import type { Context } from '../context.ts'

const KEY_SETS_KEPT = 500
/** A key that the provider withdrew counts so much longer. */
const KEY_SET_MAX_AGE_MS = 10 * 60_000
/** A forged token names a key that does not exist: it must not make us ask the provider for each delivery. */
const REFRESH_INTERVAL_MS = 30_000
/** Providers wait some ten seconds for the answer to a delivery. */
const FETCH_TIMEOUT_MS = 5_000

interface KeySet {
  keys: Promise<unknown>
  askedAt: number
}

const keySetsOf = perContext((_context: Context) => new BoundedCache<KeySet>(KEY_SETS_KEPT))

/** Fetches key sets of providers under the rules of all outbound requests (specification 10.4), and keeps them. */
export function publicKeysOf(context: Context, ns: string): VerifyEffects['publicKeys'] {
  const keySets = keySetsOf(context)
  return (url, { refresh }) => {
    const name = `${ns} ${url}`
    const known = keySets.get(name)
    const maxAgeMs = refresh ? REFRESH_INTERVAL_MS : KEY_SET_MAX_AGE_MS
    if (known && context.now() - known.askedAt < maxAgeMs) return known.keys
    const keySet = { keys: fetchKeys(context, url), askedAt: context.now() }
    keySets.set(name, keySet)
    // Kept for its short while too: a provider that fails is not asked for each delivery.
    keySet.keys.catch(() =>
      keySets.set(name, { ...keySet, askedAt: keySet.askedAt - maxAgeMs + REFRESH_INTERVAL_MS }),
    )
    return keySet.keys
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
  return parseJson(new TextDecoder().decode(answer.body))
}
