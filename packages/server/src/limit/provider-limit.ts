/** What a provider's answer says of its own rate limit. Pure. */

export interface ProviderLimit {
  /** Requests in a window. */
  limit?: number
  /** Requests that are left until more are given. */
  remaining?: number
  /** Milliseconds until more are given. */
  resetMs?: number
  /** Milliseconds, where the provider says so. */
  windowMs?: number
}

type Headers = Readonly<Record<string, string>>
type Read = (headers: Headers, now: number) => ProviderLimit | undefined

/** Seconds since the epoch are above it, seconds from now below. */
const EPOCH_SECONDS = 1_000_000_000
const EPOCH_MILLISECONDS = 1_000_000_000_000
/** A full bucket of Shopify's empties in so long, whatever the plan's size (REST Admin API, "leaky bucket"). */
const SHOPIFY_BUCKET_MS = 20_000

/**
 * @param headers lower-case names
 * @param now milliseconds since the epoch
 * @returns `undefined` where the answer says nothing, or speaks of a resource apart
 */
export function readProviderLimit(headers: Headers, now: number): ProviderLimit | undefined {
  // GitHub counts search and others apart from what all else shares.
  const resource = headers['x-ratelimit-resource']
  if (resource !== undefined && resource !== 'core') return undefined
  for (const read of FORMS) {
    const found = read(headers, now)
    if (found && Object.values(found).some((value) => value !== undefined)) return withoutGaps(found)
  }
  return undefined
}

const FORMS: readonly Read[] = [readStructured, readPlain, readHubSpot, readShopify]

/** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers from 08 on, and 07). The tightest entry counts. */
function readStructured(headers: Headers): ProviderLimit | undefined {
  const text = headers['ratelimit']
  if (text === undefined) return undefined
  const entries = listOf(text).map((entry) => ({
    name: nameOf(entry),
    limit: parameterOf(entry, 'limit'),
    remaining: parameterOf(entry, 'r') ?? parameterOf(entry, 'remaining'),
    resetMs: milliseconds(parameterOf(entry, 't') ?? parameterOf(entry, 'reset')),
  }))
  // The form of draft 07 is one entry in several members.
  const whole = {
    limit: parameterOf(text, 'limit'),
    remaining: parameterOf(text, 'remaining'),
    resetMs: milliseconds(parameterOf(text, 'reset')),
  }
  const [tightest] = entries
    .filter(({ remaining }) => remaining !== undefined)
    .sort((one, other) => (one.remaining ?? 0) - (other.remaining ?? 0))
  const found = whole.limit === undefined ? tightest : { ...whole, name: undefined }
  if (!found) return undefined
  const policies = listOf(headers['ratelimit-policy'] ?? '')
  const policy = policies.find((entry) => nameOf(entry) === found.name) ?? policies[0] ?? ''
  return {
    limit: found.limit ?? parameterOf(policy, 'q') ?? leadingNumber(policy),
    remaining: found.remaining,
    resetMs: found.resetMs,
    windowMs: milliseconds(parameterOf(policy, 'w')),
  } as ProviderLimit
}

/** Spelled out once: every answer of every provider is looked at. */
const PLAIN = ['ratelimit', 'x-ratelimit', 'x-rate-limit'].map((prefix) => ({
  limit: `${prefix}-limit`,
  remaining: `${prefix}-remaining`,
  reset: `${prefix}-reset`,
}))

/** `RateLimit-Limit` and the like (drafts to 06), and the older `X-RateLimit-…` that each provider means in its own way. */
function readPlain(headers: Headers, now: number): ProviderLimit | undefined {
  for (const names of PLAIN) {
    const limit = headers[names.limit]
    const remaining = leadingNumber(headers[names.remaining])
    if (limit === undefined && remaining === undefined) continue
    const policy = headers['ratelimit-policy'] ?? limit ?? ''
    return {
      limit: leadingNumber(limit),
      remaining,
      resetMs: resetOf(headers[names.reset], now),
      windowMs: milliseconds(parameterOf(policy, 'w')),
    } as ProviderLimit
  }
  return undefined
}

function readHubSpot(headers: Headers): ProviderLimit | undefined {
  const windowMs = leadingNumber(headers['x-hubspot-ratelimit-interval-milliseconds'])
  if (windowMs === undefined) return undefined
  return {
    limit: leadingNumber(headers['x-hubspot-ratelimit-max']),
    remaining: leadingNumber(headers['x-hubspot-ratelimit-remaining']),
    resetMs: windowMs,
    windowMs,
  } as ProviderLimit
}

/** `32/40`: so much of the bucket is filled. */
function readShopify(headers: Headers): ProviderLimit | undefined {
  const bucket = headers['x-shopify-shop-api-call-limit']
  if (bucket === undefined) return undefined
  const [, used, size] = /^(\d{1,6})\/(\d{1,6})$/.exec(bucket) ?? []
  const limit = Number(size)
  if (used === undefined || !(limit > 0)) return undefined
  return {
    limit,
    remaining: Math.max(0, limit - Number(used)),
    resetMs: Math.ceil(SHOPIFY_BUCKET_MS / limit),
    windowMs: SHOPIFY_BUCKET_MS,
  }
}

function withoutGaps(found: ProviderLimit): ProviderLimit {
  const { limit, ...rest } = found
  const kept = { ...rest, ...(limit !== undefined && limit >= 1 && { limit: Math.floor(limit) }) }
  return Object.fromEntries(
    Object.entries(kept).filter(([, value]) => value !== undefined && Number.isFinite(value)),
  )
}

const listOf = (text: string) => text.split(',').map((entry) => entry.trim())
const nameOf = (entry: string) => /^"?([^";=]*)"?(?:;|$)/.exec(entry)?.[1]

function parameterOf(text: string, name: string): number | undefined {
  const [, value] = new RegExp(`(?:^|[;,\\s])${name}=(\\d{1,12}(?:\\.\\d{1,6})?)`).exec(text) ?? []
  return value === undefined ? undefined : Number(value)
}

function leadingNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [number] = /^\d{1,15}(?:\.\d{1,9})?/.exec(text.trim()) ?? []
  return number === undefined ? undefined : Number(number)
}

const milliseconds = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000)

/** Seconds from now, or a moment in seconds or milliseconds since the epoch, or a date. */
function resetOf(text: string | undefined, now: number): number | undefined {
  const number = leadingNumber(text)
  if (number === undefined) return undefined
  if (/[-:]/.test(text ?? '')) {
    const date = Date.parse(text ?? '')
    return Number.isNaN(date) ? undefined : Math.max(0, date - now)
  }
  if (number >= EPOCH_MILLISECONDS) return Math.max(0, number - now)
  if (number >= EPOCH_SECONDS) return Math.max(0, number * 1000 - now)
  return number * 1000
}
