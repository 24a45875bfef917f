/** Providers: whatever is not answered, or with 503, they send again until it is; and now and then what was answered. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Random } from '../properties/random.ts'
import type { Chain, PlannedEvent, Shop } from './plan.ts'

/** Of what was answered. */
const SENT_AGAIN = 0.1
/** Between two attempts. */
const PAUSE_MS = 250
/** No answer after so long is none. */
const PATIENCE_MS = 60_000
const ACCEPTED = 202

interface Delivery {
  shop: Shop
  event: PlannedEvent
}

export interface SenderOptions {
  /** How many orders change at the same time. */
  lanes: number
  random: Random
  /** Of the processes that receive; those that are away refuse. */
  origins(): readonly string[]
}

export class Sender {
  readonly #options: SenderOptions
  /** Chains that are not under way, each with how many of its events were answered. */
  readonly #waiting: { chain: Chain; next: number }[] = []
  readonly #again: Delivery[] = []
  readonly #agent = new Agent({ headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS })
  readonly acknowledged = new Set<string>()
  /** Deliveries of what had been answered, or was being delivered at the same time, that were answered themselves. */
  repeated = 0
  /** Attempts without an answer, or answered 503. */
  unanswered = 0
  /** Any other answer, in words. */
  readonly wrong: string[] = []

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Sends these too, until everything was answered, or the signal is aborted; whatever was not answered then comes first next time. */
  async run(chains: readonly Chain[], signal?: AbortSignal): Promise<void> {
    this.#waiting.push(...chains.map((chain) => ({ chain, next: 0 })))
    const lane = async () => {
      for (let taken = this.#waiting.shift(); taken !== undefined; taken = this.#waiting.shift()) {
        await this.#follow(taken, signal)
        if (taken.next < taken.chain.events.length) this.#waiting.unshift(taken)
        if (signal?.aborted) return
      }
      for (let delivery = this.#again.pop(); delivery; delivery = this.#again.pop()) {
        await this.#repeat(delivery, signal)
        if (signal?.aborted) return
      }
    }
    await Promise.all(Array.from({ length: this.#options.lanes }, lane))
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  async #follow(taken: { chain: Chain; next: number }, signal: AbortSignal | undefined): Promise<void> {
    const { chain } = taken
    const { random } = this.#options
    for (; taken.next < chain.events.length && !signal?.aborted; taken.next++) {
      const delivery = { shop: chain.shop, event: chain.events[taken.next] as PlannedEvent }
      const isRepeated = random.chance(SENT_AGAIN)
      const atOnce = isRepeated && random.chance(0.5)
      const [isAnswered] = await Promise.all([
        this.#deliver(delivery, signal),
        atOnce && this.#repeat(delivery, signal),
      ])
      if (!isAnswered) return
      this.acknowledged.add(delivery.event.id)
      if (isRepeated && !atOnce) this.#again.push(delivery)
      if (this.#again.length > this.#options.lanes) await this.#repeat(this.#takeAgain(), signal)
    }
  }

  #takeAgain(): Delivery {
    return this.#again.splice(this.#options.random.below(this.#again.length), 1)[0] as Delivery
  }

  async #repeat(delivery: Delivery, signal: AbortSignal | undefined): Promise<void> {
    if (await this.#deliver(delivery, signal)) this.repeated += 1
  }

  /** @returns whether it was accepted before the signal was aborted */
  async #deliver({ shop, event }: Delivery, signal: AbortSignal | undefined): Promise<boolean> {
    const { origins, random } = this.#options
    while (!signal?.aborted) {
      const url = `${random.pick(origins())}/w/${shop.subdomain}/miniapps/${shop.ns}/webhooks`
      const status = await this.#post(url, event, signal)
      if (status === ACCEPTED) return true
      if (status !== 0 && status !== 503) {
        this.wrong.push(`${event.id} was answered ${status}`)
        return true
      }
      this.unanswered += 1
      await sleep(PAUSE_MS)
    }
    return false
  }

  /** @returns the status, 0 where there was no whole answer */
  async #post(url: string, { headers, body }: PlannedEvent, signal?: AbortSignal): Promise<number> {
    try {
      const options = { dispatcher: this.#agent, headers, body, ...(signal && { signal }) }
      const answer = await request(url, { method: 'POST', ...options })
      await answer.body.dump()
      return answer.statusCode
    } catch {
      return 0
    }
  }
}
