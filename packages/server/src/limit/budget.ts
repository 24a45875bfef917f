/**
 * One rate budget for each connection, whoever calls: actions, sources, registration, in all processes (ADR 24). What a
 * provider allows is learnt from its answers and from the definition; a call waits for its turn or fails in time.
 */
import type { Effects, SendOptions } from 'miniapp'
import { BoundedCache } from '../cache.ts'
import type { Database } from '../db/client.ts'
import type { Log } from '../log.ts'
import { ConnectionBudget, type Known, type Priority } from './connection-budget.ts'
import { learn } from './learn.ts'
import type { Pace } from './pace.ts'
import { createRateLimit, LONGEST_WINDOW_MS } from './rate-limit.ts'
import { BUDGET_CHANNEL, type BudgetKey, findBudget, keepBudget } from './store.ts'

export type { Priority } from './connection-budget.ts'
export type { Pace } from './pace.ts'

/** Connections remembered in a process: forgetting one costs a query and a first call alone. */
const REMEMBERED_CONNECTIONS = 20_000
const GRANTED = { ok: true } as const
/** Nobody waits for more requests than these; what a run sends beyond gives way to others. */
export const INTERACTIVE_REQUESTS = 10

export interface BudgetedCall {
  workspaceId: string
  installId: string
  /** What the definition says the provider allows. */
  declared: Pace | undefined
  priority: Priority
}

export interface Budget {
  /** The `send` of one run: its requests wait until the connection may be asked. */
  sendFor(call: BudgetedCall): Effects['send']
  /**
   * Follows what other processes learn.
   * @returns a function that stops following
   */
  watch(): Promise<() => Promise<void>>
}

interface BudgetOptions {
  db: Database
  send: Effects['send']
  log: Log
  /** Milliseconds since the epoch, as timers run. Default `Date.now`. */
  now?: () => number
}

export function createBudget({ db, send, log, now = Date.now }: BudgetOptions): Budget {
  const connections = openConnections({ db, now })

  function tellOthers({ workspaceId, installId }: BudgetedCall, known: Known): void {
    keepBudget(db, { workspaceId, installId }, { ...known, learntAt: now() }).catch((error: unknown) =>
      log.warn('budget.unshared', { workspaceId, error }),
    )
  }

  async function sendInTurn(
    call: BudgetedCall,
    priority: Priority,
    [request, options]: Parameters<Effects['send']>,
  ): ReturnType<Effects['send']> {
    const opened = connections.of(call)
    const budget = opened instanceof ConnectionBudget ? opened : await opened
    budget.declared = call.declared
    const askedAt = now()
    const turn = budget.begin(priority, {
      url: request.url,
      patienceMs: options.timeoutMs,
      signal: options.signal,
    })
    if (turn) await turn
    const waitMs = turn ? now() - askedAt : 0
    try {
      const response = await send(request, turn ? shortened(options, waitMs) : options)
      const news = learn(budget, response, now())
      if (news) tellOthers(call, news)
      return turn ? { ...response, timing: { ...response.timing, waitMs } } : response
    } finally {
      budget.end()
    }
  }

  return {
    sendFor(call) {
      let sent = 0
      return (...args) => {
        sent += 1
        const priority = sent > INTERACTIVE_REQUESTS ? 'background' : call.priority
        return sendInTurn(call, priority, args)
      }
    },
    watch() {
      return db.listen(BUDGET_CHANNEL, (payload) => {
        const [workspaceId = '', installId = ''] = payload.split('/')
        connections
          .reload({ workspaceId, installId })
          .catch((error: unknown) => log.warn('budget.unshared', { workspaceId, error }))
      })
    },
  }
}

function shortened(options: SendOptions, byMs: number): SendOptions {
  return { ...options, timeoutMs: Math.max(1, options.timeoutMs - byMs) }
}

type Opened = Promise<ConnectionBudget> | ConnectionBudget

/** The budgets of this process, each read once from what the others know. */
function openConnections({ db, now }: { db: Database; now: () => number }) {
  const connections = new BoundedCache<Opened>(REMEMBERED_CONNECTIONS)
  const shared = createRateLimit({ db, now })

  async function open({ workspaceId, installId, declared }: BudgetedCall): Promise<ConnectionBudget> {
    const key = `provider:${installId}`
    const take = async ({ requests: limit, perMs }: Pace) => {
      const windowMs = Math.ceil(perMs)
      // A window of a day is kept by what the answers say is left.
      if (windowMs > LONGEST_WINDOW_MS) return GRANTED
      // The provider keeps its limit itself: without a database, it is asked.
      try {
        return await shared.take({ workspaceId, key, limit, windowMs })
      } catch {
        return GRANTED
      }
    }
    const budget = new ConnectionBudget({ now, take, declared })
    const known = await findBudget(db, { workspaceId, installId }, now()).catch(() => undefined)
    if (known) budget.adopt(known)
    return budget
  }

  return {
    of(call: BudgetedCall): Opened {
      const found = connections.get(call.installId)
      if (found) return found
      const opening = open(call)
      connections.set(call.installId, opening)
      void opening.then((budget) => connections.set(call.installId, budget))
      return opening
    },
    async reload(of: BudgetKey): Promise<void> {
      const budget = await connections.get(of.installId)
      const known = budget && (await findBudget(db, of, now()))
      if (known) budget.adopt(known)
    },
  }
}
