/** What somebody asks of a subscription, checked (10b section 6). */
import { nearestName } from 'miniapp'
import type { Caller } from '../account/app-token.ts'
import type { Context } from '../context.ts'
import type { SubscribedAction } from '../db/notify-schema.ts'
import { storableText } from '../db/text.ts'
import { ApiError } from '../errors.ts'
import { parsePrivateNetworks } from '../http/egress-settings.ts'
import { urlRefusal } from '../http/url-refusal.ts'
import { EVENT_CATALOGUE, eventName, findEvent, lackedFor } from './catalogue.ts'

export interface WantedAction {
  type: string
  action: string
  label?: string | null | undefined
}

export interface WantedPolicy {
  maxAttempts?: number | null | undefined
  backoffMs?: readonly number[] | null | undefined
}

/** What is absent or null has its default, or stays as it is. */
export interface Wanted {
  url?: string | null | undefined
  name?: string | null | undefined
  description?: string | null | undefined
  actions?: readonly WantedAction[] | null | undefined
  retryPolicy?: WantedPolicy | null | undefined
  rateLimitPerMinute?: number | null | undefined
}

/** Specification 11. */
export const DEFAULT_MAX_ATTEMPTS = 3
export const DEFAULT_BACKOFF_MS: readonly number[] = [5_000, 30_000, 120_000]
export const DEFAULT_RATE_LIMIT_PER_MINUTE = 100

export const MAX_ATTEMPTS = 10
/** A day: what takes longer is retried by hand. */
export const MAX_BACKOFF_MS = 86_400_000
export const MAX_RATE_LIMIT_PER_MINUTE = 6_000
export const MAX_URL_CHARACTERS = 2_048
const MAX_NAME_CHARACTERS = 200
const MAX_DESCRIPTION_CHARACTERS = 2_000

const refused = (message: string) => new ApiError('BAD_USER_INPUT', message)

/** @returns the columns that were asked for */
export function checked(context: Context, wanted: Wanted) {
  const { url, name, description, actions, retryPolicy, rateLimitPerMinute } = wanted
  return {
    ...(url != null && { url: checkedUrl(context, url) }),
    ...(name != null && { name: checkedText('name', name, MAX_NAME_CHARACTERS) }),
    ...(description != null && {
      description: checkedText('description', description, MAX_DESCRIPTION_CHARACTERS),
    }),
    ...(actions != null && { actions: checkedActions(actions) }),
    ...checkedPolicy(retryPolicy ?? {}),
    ...(rateLimitPerMinute != null && {
      rateLimitPerMinute: checkedNumber('rateLimitPerMinute', rateLimitPerMinute, {
        atLeast: 1,
        atMost: MAX_RATE_LIMIT_PER_MINUTE,
      }),
    }),
  }
}

/** https and a public address (10.4), unless private networks are opened. */
function checkedUrl({ config }: Context, text: string): string {
  const url = text.length <= MAX_URL_CHARACTERS ? URL.parse(text) : null
  if (url === null) {
    throw refused(
      `url must be an absolute address of at most ${MAX_URL_CHARACTERS} characters, such as https://example.com/hooks.`,
    )
  }
  const refusal = urlRefusal(url, parsePrivateNetworks(config.allowPrivateNetworks ?? ''))
  if (refusal !== undefined) throw refused(`url ${refusal}.`)
  url.hash = ''
  return url.href
}

function checkedText(name: string, value: string, atMost: number): string {
  if (value.length <= atMost) return storableText(value)
  throw refused(`${name} has ${value.length} characters; at most ${atMost} are kept.`)
}

function checkedActions(actions: readonly WantedAction[]): SubscribedAction[] {
  const wanted = new Map<string, SubscribedAction>()
  for (const { type, action, label } of actions) {
    const name = eventName({ type, action })
    const known = findEvent(name)
    if (known === undefined) throw refused(unknownEvent(name))
    const text = label == null ? known.label : checkedText('label', label, MAX_NAME_CHARACTERS)
    wanted.set(name, { type, action, label: text })
  }
  return [...wanted.values()]
}

function unknownEvent(name: string): string {
  const nearest = nearestName(name, EVENT_CATALOGUE.map(eventName))
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`
  return `There is no event ${name}.${meant} webhooksGetActions lists all.`
}

function checkedPolicy({ maxAttempts, backoffMs }: WantedPolicy) {
  if (backoffMs != null && (backoffMs.length < 1 || backoffMs.length > MAX_ATTEMPTS)) {
    throw refused(`retryPolicy.backoffMs must hold 1 to ${MAX_ATTEMPTS} values.`)
  }
  return {
    ...(maxAttempts != null && {
      maxAttempts: checkedNumber('retryPolicy.maxAttempts', maxAttempts, {
        atLeast: 1,
        atMost: MAX_ATTEMPTS,
      }),
    }),
    ...(backoffMs != null && {
      backoffMs: backoffMs.map((value) =>
        checkedNumber('retryPolicy.backoffMs', value, { atLeast: 0, atMost: MAX_BACKOFF_MS }),
      ),
    }),
  }
}

function checkedNumber(
  name: string,
  value: number,
  { atLeast, atMost }: { atLeast: number; atMost: number },
): number {
  if (Number.isInteger(value) && value >= atLeast && value <= atMost) return value
  throw refused(`${name} must be a whole number from ${atLeast} to ${atMost}, not ${value}.`)
}

/** Whoever decides where events go must be allowed to read them. */
export function refuseUnreadable(
  caller: Pick<Caller, 'can' | 'name'>,
  actions: readonly SubscribedAction[],
): void {
  for (const { type } of actions) {
    const permission = lackedFor(caller, type)
    if (permission === undefined) continue
    throw new ApiError(
      'FORBIDDEN',
      `Permission denied: events of ${type} need the permission ${permission}, which the token "${caller.name}" does not have.`,
      { details: { permission } },
    )
  }
}
