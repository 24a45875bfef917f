import { compiledPath } from './compile-step.ts'
import type { AuthDefinition } from './document.ts'
import { type Condition, compileCondition } from './run/condition.ts'

/** Whether an answer that is not a 401 means that the access token has expired. */
export type ExpiryTest = (answer: { status: number; body: unknown }) => boolean

/** `auth.expiredWhen` (ours, specification 3.5): any of the rules. `undefined` where there is none. @throws DefinitionError */
export function compileExpiry({ expiredWhen }: AuthDefinition): ExpiryTest | undefined {
  if (!expiredWhen) return undefined
  const tests = expiredWhen.map((rule, index): ExpiryTest => {
    if (rule.path === undefined) return ({ status }) => status === rule.status
    const path = compiledPath(rule.path, `/auth/expiredWhen/${index}/path`)
    const test = compileCondition(rule as Condition)
    return ({ status, body }) => status === rule.status && test(path.read(body))
  })
  return (answer) => tests.some((test) => test(answer))
}
