import { SendError } from 'miniapp'
import type { Pace } from './pace.ts'
import { reservedOf, withMargin } from './pace.ts'
import type { Taken } from './rate-limit.ts'

/** `interactive`: somebody waits for it; it goes before all else, and a share of the limit is kept free for it. */
export type Priority = 'interactive' | 'background'

const IN_TURN = ['interactive', 'background'] as const satisfies readonly Priority[]

/** Milliseconds that calls wait for the first answer of a connection, which says what its limit is. */
export const FIRST_ANSWER_MS = 1_000

/** What all processes know of a connection. */
export interface Known {
  /** What the provider's answers said. */
  pace: Pace | undefined
  /** Milliseconds since the epoch; nobody sends before. */
  blockedUntil: number
}

/** What the last answer said is left, until more is given. */
interface Quota {
  remaining: number
  /** Milliseconds since the epoch. */
  until: number
}

interface Waiter {
  grant(): void
  refuse(waitMs: number): void
  endsAt: number
}

interface Hold {
  ms: number
  /** Nothing that happens meanwhile can shorten it. */
  isCertain: boolean
}

export interface ConnectionBudgetOptions {
  /** Milliseconds since the epoch. */
  now: () => number
  /** Takes a slot that all processes share. */
  take: (pace: Pace) => Promise<Taken>
  /** What the definition says. */
  declared: Pace | undefined
}

/** Who of one connection may send, in one process: a queue for each priority, and what is known of the limit. */
export class ConnectionBudget {
  known: Known = { pace: undefined, blockedUntil: 0 }
  /** What this process knows besides. */
  quota: Quota | undefined
  /** 429s in a row. */
  refusals = 0
  /** Set by the definition that is used at the moment. */
  declared: Pace | undefined
  readonly #now: () => number
  readonly #take: (pace: Pace) => Promise<Taken>
  readonly #waiting: Record<Priority, Waiter[]> = { interactive: [], background: [] }
  readonly #refusedUntil: Record<Priority, number> = { interactive: 0, background: 0 }
  #inFlight = 0
  /** When the first request was sent; `undefined`: none was. */
  #firstSentAt: number | undefined
  #hasAnswered = false
  #pumping = false
  #timer: NodeJS.Timeout | undefined

  constructor({ now, take, declared }: ConnectionBudgetOptions) {
    this.#now = now
    this.#take = take
    this.declared = declared
  }

  /** Requests that were granted and are not over. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** The stricter of what the provider and the definition say. */
  get pace(): Pace | undefined {
    const { declared } = this
    const { pace } = this.known
    if (!pace || !declared) return pace ?? declared
    return declared.requests / declared.perMs < pace.requests / pace.perMs ? declared : pace
  }

  /** What another process learnt. */
  adopt({ pace, blockedUntil }: Known): void {
    this.known = { pace, blockedUntil: Math.max(this.known.blockedUntil, blockedUntil) }
    void this.#pump()
  }

  /**
   * Resolves when a request may be sent; {@link end} must follow.
   * @throws SendError `rate-limited` as soon as it is sure that `patienceMs` are not enough; `aborted`
   */
  begin(
    priority: Priority,
    { url, patienceMs, signal }: { url: string; patienceMs: number; signal?: AbortSignal | undefined },
  ): Promise<void> | undefined {
    if (this.#isFree()) {
      this.#granted()
      return undefined
    }
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        const queue = this.#waiting[priority]
        const at = queue.indexOf(waiter)
        if (at !== -1) queue.splice(at, 1)
        then()
      }
      const waiter: Waiter = {
        grant: () => settle(resolve),
        refuse: (waitMs) => settle(() => reject(tooLate(hostOf(url), waitMs))),
        endsAt: this.#now() + patienceMs,
      }
      const abort = () =>
        settle(() =>
          reject(
            new SendError('aborted', `The request to ${hostOf(url)} was aborted`, { cause: signal?.reason }),
          ),
        )
      const timer = setTimeout(() => waiter.refuse(this.#hold(priority).ms), patienceMs)
      this.#waiting[priority].push(waiter)
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      void this.#pump()
    })
  }

  /** After each request that {@link begin} let through, once what its answer says has been learnt. */
  end(): void {
    this.#inFlight -= 1
    this.#hasAnswered = true
    if (this.#isAnybodyWaiting()) void this.#pump()
  }

  #isAnybodyWaiting(): boolean {
    return this.#waiting.interactive.length > 0 || this.#waiting.background.length > 0
  }

  /** Nothing is known that could hold anybody: the way of nearly every call. */
  #isFree(): boolean {
    return (
      this.#hasAnswered &&
      this.known.blockedUntil === 0 &&
      this.quota === undefined &&
      this.pace === undefined &&
      !this.#isAnybodyWaiting()
    )
  }

  #granted(): void {
    this.#inFlight += 1
    this.#firstSentAt ??= this.#now()
    if (this.quota) this.quota.remaining -= 1
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (await this.#grantOne());
    } finally {
      this.#pumping = false
    }
    this.#wakeLater()
  }

  async #grantOne(): Promise<boolean> {
    for (const priority of IN_TURN) {
      const queue = this.#waiting[priority]
      if (queue.length === 0) continue
      if (!(await this.#mayGo(priority))) continue
      const [waiter] = queue
      if (!waiter) return true
      this.#granted()
      waiter.grant()
      return true
    }
    return false
  }

  async #mayGo(priority: Priority): Promise<boolean> {
    if (this.#isHeld(priority)) return false
    const { pace } = this
    if (!pace) return true
    const taken = await this.#take(withMargin(pace, priority === 'interactive' ? 0 : reservedOf(pace)))
    if (!taken.ok) this.#refusedUntil[priority] = this.#now() + taken.retryAfterMs
    // A 429 may have come meanwhile.
    return !this.#isHeld(priority)
  }

  #isHeld(priority: Priority): boolean {
    const { ms, isCertain } = this.#hold(priority)
    if (ms <= 0) return false
    if (isCertain) {
      const late = this.#waiting[priority].filter(({ endsAt }) => endsAt < this.#now() + ms)
      for (const waiter of late) waiter.refuse(ms)
    }
    return true
  }

  #hold(priority: Priority): Hold {
    const now = this.#now()
    const until = Math.max(this.known.blockedUntil, this.#refusedUntil[priority])
    if (until > now) return { ms: until - now, isCertain: true }
    if (this.known.blockedUntil !== 0) this.known = { ...this.known, blockedUntil: 0 }
    if (!this.#hasAnswered && this.#firstSentAt !== undefined && this.pace === undefined) {
      return { ms: this.#firstSentAt + FIRST_ANSWER_MS - now, isCertain: false }
    }
    const { quota } = this
    if (!quota) return { ms: 0, isCertain: false }
    if (quota.until <= now) {
      this.quota = undefined
      return { ms: 0, isCertain: false }
    }
    const kept = priority === 'interactive' || !this.pace ? 0 : reservedOf(this.pace)
    if (quota.remaining > kept) return { ms: 0, isCertain: false }
    return { ms: quota.until - now, isCertain: this.#inFlight === 0 && quota.remaining <= 0 }
  }

  #wakeLater(): void {
    clearTimeout(this.#timer)
    const holds = IN_TURN.filter((priority) => this.#waiting[priority].length > 0).map(
      (priority) => this.#hold(priority).ms,
    )
    if (holds.length === 0) return
    this.#timer = setTimeout(() => void this.#pump(), Math.max(1, Math.ceil(Math.min(...holds))))
  }
}

/** The rest of an address may hold secrets; what is no address is refused where it is sent. */
const hostOf = (url: string) => URL.parse(url)?.hostname ?? 'it'

function tooLate(host: string, waitMs: number): SendError {
  const ms = Math.max(1, Math.ceil(waitMs))
  return new SendError(
    'rate-limited',
    `The provider limits how often it may be called: ${host} takes the next request in ${Math.ceil(ms / 1000)} s at the earliest`,
    { retryAfterMs: ms },
  )
}
