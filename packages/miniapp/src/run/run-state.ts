import type { Definition } from '../document.ts'
import { MiniAppError } from '../errors.ts'
import { type Rec, setOwn } from '../expression/own.ts'
import {
  type Bags,
  type CredentialScope,
  createCredentialScope,
  createInputScope,
  type Scopes,
} from '../expression/scope.ts'
import { createRedactor, joinRedactors, type Redactor, textsIn } from '../request/redact.ts'
import type { Effects, FunctionResult } from './effects.ts'

/** What a 401 was answered with. */
export interface Renewal {
  bags: Bags
  /** `false`: the stored bags were newer already, nobody was asked, and a further 401 may refresh. */
  refreshed: boolean
}

export interface RunContext {
  bags: Bags
  /** Validated form input; a source's parameters. */
  input: Rec
  /** `webhookUrl`, `redirect_uri`, `subdomain`, `uid` and the like; `now` and `idempotencyKey` are made here. */
  system: Rec
  /** `code`, `state` and the like of an auth request; nothing shadows them. */
  authValues?: Rec
  /** App config is visible, and a 401 is an answer like any other. */
  isAuthRequest?: boolean
  /** From `declaredHosts` of the compiled definition. */
  allowedHosts: readonly string[]
  /** One per revision of the install: see `createRedactor`. */
  redact: Redactor
  functions: Definition['functions']
  /**
   * Called on a 401 with the bags that were refused, until it says that they were refreshed. Resolves with other bags, or
   * `undefined` where a refresh is impossible; rejects with a {@link MiniAppError}.
   */
  refresh?: (refused: Bags) => Promise<Renewal | undefined>
  /**
   * Called at most once in a run, where refreshed bags were answered 401 too. Finds out whether the provider refuses them
   * altogether, and resolves with the error of the run then; `undefined`: only this request was refused.
   */
  checkRefused?: (refused: Bags) => Promise<MiniAppError | undefined>
}

export interface RunOptions {
  /** Milliseconds for the whole run, retries included; waiting for a refresh comes on top, at most {@link MAX_REFRESH_WAIT_MS}. */
  deadlineMs: number
  /** Ends the run early; what is in flight is abandoned. */
  signal?: AbortSignal
  /** `http:` is accepted in URLs that a stored value chose. */
  allowHttp?: boolean
  /** Milliseconds that no single request may take longer than; default {@link MAX_STEP_TIMEOUT_MS}. */
  maxTimeoutMs?: number
}

/** Milliseconds: the longest `timeoutMs` of a step (4.2); automations pass 120 000 as `maxTimeoutMs`. */
export const MAX_STEP_TIMEOUT_MS = 60_000

/** Milliseconds by which waiting for a token refresh may outlast the deadline (4.4). */
export const MAX_REFRESH_WAIT_MS = 30_000

/** What one step's templates see besides the run's own values. */
export interface StepValues {
  loopItem?: Rec
  idempotencyKey?: string
}

/** Everything that changes while steps run: outputs, bags after a refresh, the time that is left. */
export class RunState {
  readonly context: RunContext
  readonly effects: Effects
  readonly options: RunOptions
  /** Outputs of earlier steps, for later ones. */
  readonly outputs: Rec = {}
  #bags: Bags
  #redact: Redactor
  #credentialScope: CredentialScope
  #system: Rec
  #endsAt: number
  #revision = 0
  #refreshed = false
  #renewal: Promise<boolean> | undefined
  #verdict: Promise<MiniAppError | undefined> | undefined

  constructor(context: RunContext, effects: Effects, options: RunOptions) {
    this.context = context
    this.effects = effects
    this.options = options
    this.#bags = context.bags
    this.#redact = context.redact
    this.#credentialScope = createCredentialScope(context.bags)
    this.#system = context.system
    this.#endsAt = effects.now() + options.deadlineMs
  }

  /** Grows by one with every {@link Renewal}. */
  get revision(): number {
    return this.#revision
  }

  /** The credentials were refreshed in this run. */
  get isRefreshed(): boolean {
    return this.#refreshed
  }

  get redact(): Redactor {
    return this.#redact
  }

  remainingMs(): number {
    return this.#endsAt - this.effects.now()
  }

  /** @throws MiniAppError where the run was cancelled or its time is over */
  checkTime(): void {
    if (this.options.signal?.aborted) throw cancelled(this.options.signal.reason)
    if (this.remainingMs() <= 0) throw this.#overdue()
  }

  /** `{{now}}` is one time throughout a step. @throws MiniAppError as {@link checkTime} */
  beginStep(): void {
    this.checkTime()
    this.#system = { ...this.context.system, now: timeText(this.effects.now()) }
  }

  scopes(values: StepValues): Scopes {
    const { context } = this
    const { userInput, metadata, config } = this.#bags
    return {
      input: createInputScope({
        ...(context.authValues && { authValues: context.authValues }),
        ...(values.loopItem && { loopItem: values.loopItem }),
        input: context.input,
        outputs: this.outputs,
        userInput,
        metadata,
        ...(context.isAuthRequest && { config }),
        system: values.idempotencyKey
          ? { ...this.#system, idempotencyKey: values.idempotencyKey }
          : this.#system,
      }),
      credential: this.#credentialScope,
    }
  }

  /** @throws MiniAppError as {@link checkTime} */
  callFunction(
    name: string,
    definition: { params: readonly string[]; code: string },
    args: Rec,
  ): Promise<FunctionResult> {
    this.checkTime()
    const { signal } = this.options
    return this.effects.runFunction(
      { name, params: definition.params, code: definition.code, args },
      signal ? { signal } : {},
    )
  }

  /**
   * Other bags after a 401 of a request that was built at `revision`. Concurrent requests share one refresh, and one
   * that was built before it only has to be built again. `false` where refreshing is impossible or did not help.
   */
  async renew(revision: number): Promise<boolean> {
    if (revision < this.#revision) return true
    if (this.#refreshed || !this.context.refresh) return false
    this.#renewal ??= this.#refresh(this.context.refresh)
    return this.#renewal
  }

  /** The error to end with where the provider refuses even refreshed credentials, at whatever it is asked. */
  async refusedAltogether(): Promise<MiniAppError | undefined> {
    if (!this.#refreshed) return undefined
    this.#verdict ??= this.context.checkRefused?.(this.#bags)
    return this.#verdict
  }

  async #refresh(refresh: NonNullable<RunContext['refresh']>): Promise<boolean> {
    const startedAt = this.effects.now()
    const waiting = new AbortController()
    const signals = [waiting.signal, ...(this.options.signal ? [this.options.signal] : [])]
    try {
      const patience = this.remainingMs() + MAX_REFRESH_WAIT_MS
      const renewal = await Promise.race([
        refresh(this.#bags),
        this.effects.sleep(patience, AbortSignal.any(signals)).then(() => {
          throw this.#overdue()
        }),
      ])
      if (!renewal) return false
      this.#adopt(renewal)
      return true
    } finally {
      waiting.abort()
      this.#endsAt += Math.min(this.effects.now() - startedAt, MAX_REFRESH_WAIT_MS)
    }
  }

  /** Secrets that came up during the run are redacted from then on. */
  hide(secrets: readonly string[]): void {
    this.#redact = joinRedactors(this.#redact, createRedactor(secrets))
  }

  #adopt({ bags, refreshed }: Renewal): void {
    const known = new Set(textsIn(this.#bags.credentials))
    const fresh = textsIn(bags.credentials).filter((text) => !known.has(text))
    this.hide(fresh)
    this.#bags = bags
    this.#credentialScope = createCredentialScope(bags)
    this.#revision += 1
    this.#refreshed = refreshed
    this.#renewal = undefined
  }

  #overdue(): MiniAppError {
    const seconds = Math.round(this.options.deadlineMs / 100) / 10
    return new MiniAppError('EXTERNAL_API_ERROR', `It did not finish within ${seconds} seconds.`, {
      details: { failure: 'deadline' },
    })
  }
}

let lastTime = { ms: 0, text: new Date(0).toISOString() }

/** Steps that begin within a millisecond share its text: writing a date costs more than all else of {@link RunState.beginStep}. */
function timeText(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString() }
  return lastTime.text
}

/** Later values win; every key becomes an own property, whatever its name. */
export function mergeOwn(target: Rec, values: Rec): void {
  for (const key of Object.keys(values)) setOwn(target, key, values[key])
}

export function cancelled(cause: unknown): MiniAppError {
  return new MiniAppError('INTERNAL_ERROR', 'The call was cancelled before it finished.', { cause })
}
