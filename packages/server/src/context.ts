import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Effects } from 'miniapp'
import type { Config } from './config.ts'
import type { Database } from './db/client.ts'
import type { Budget, BudgetedCall } from './limit/budget.ts'
import type { RateLimit } from './limit/rate-limit.ts'
import type { Log } from './log.ts'
import type { Sandbox } from './sandbox/run-function.ts'
import type { Vault } from './secret/vault.ts'

/**
 * What every use case gets as its first parameter: the process's effects, opened once in `app.ts`.
 * There is no container and no global; a test builds one with real parts.
 */
export interface Context {
  config: Config
  db: Database
  /** Every byte that a definition causes leaves through here (specification 10.4). */
  send: Effects['send']
  /** See `Effects`: a stand-in's address in an answer counts as the provider's. */
  originalUrl: NonNullable<Effects['originalUrl']>
  vault: Vault
  sandbox: Sandbox
  rateLimit: RateLimit
  /** What providers allow, for each connection. */
  budget: Budget
  log: Log
  /** Milliseconds since the epoch. */
  now: () => number
}

/**
 * The interpreter's effects, lent to one workspace: App Functions of one workspace never hold the whole sandbox.
 * @param call whose requests wait for the connection's turn at the provider; absent: nobody's
 */
export function effectsFor(context: Context, workspaceId: string, call?: BudgetedCall): Effects {
  return {
    send: call ? context.budget.sendFor(call) : context.send,
    originalUrl: context.originalUrl,
    runFunction: context.sandbox.forWorkspace(workspaceId),
    now: context.now,
    random: Math.random,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    uuid: randomUUID,
  }
}

/** Whether `http:` is accepted in addresses that a stored value chose: where private networks are opened (specification 2.1). */
export function allowsHttp({ config }: Pick<Context, 'config'>): boolean {
  return config.allowPrivateNetworks !== undefined
}
