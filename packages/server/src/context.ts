import type { Effects } from 'miniapp'
import type { Config } from './config.ts'
import type { Database } from './db/client.ts'
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
  vault: Vault
  sandbox: Sandbox
  rateLimit: RateLimit
  log: Log
  /** Milliseconds since the epoch. */
  now: () => number
}
