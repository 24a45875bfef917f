import { type ConnectOutcome, runAuthRequests } from 'miniapp'
import { configOf, type Given } from './given.ts'
import type { LocalApp } from './load-app.ts'
import type { LocalRuntime } from './runtime.ts'
import { systemValues } from './system-values.ts'

/** Milliseconds for `get_token`, `test_token` and `userDetails` together. */
const CONNECT_DEADLINE_MS = 60_000

/** Runs the auth requests with what was given (specification 3.3). Stores nothing, never rejects. */
export function tryAccount(
  { compiled }: LocalApp,
  { credentials, stored }: Given,
  { effects, allowHttp }: LocalRuntime,
): Promise<ConnectOutcome> {
  const isField = (name: string) => Object.hasOwn(compiled.auth.form, name)
  return runAuthRequests(
    compiled,
    {
      submitted: Object.fromEntries(Object.entries(credentials).filter(([name]) => isField(name))),
      ...(stored && { stored: stored.credentials }),
      config: configOf(compiled.definition.auth.config, credentials),
      system: systemValues(),
    },
    effects,
    { deadlineMs: CONNECT_DEADLINE_MS, allowHttp },
  )
}
