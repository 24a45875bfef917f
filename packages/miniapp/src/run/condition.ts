import { equalJson } from '../expression/equal-json.ts'

/** The operators of `when` and `errorWhen`: exactly one is given (specification 4.2). */
export interface Condition {
  equals?: unknown
  notEquals?: unknown
  exists?: boolean
  in?: readonly unknown[]
}

/** Whether a value, `undefined` where the path or key selects nothing, meets the condition. */
export type Test = (value: unknown) => boolean

/**
 * A missing value equals nothing: `equals` and `in` do not hold for it, `notEquals` does. An explicit `null` exists.
 * Values are compared as JSON, without conversion: `"1"` is not `1`.
 */
export function compileCondition(condition: Condition): Test {
  if (condition.in !== undefined) {
    const accepted = condition.in
    return (value) => accepted.some((one) => equalJson(value, one))
  }
  if (condition.exists !== undefined) {
    const wanted = condition.exists
    return (value) => (value !== undefined) === wanted
  }
  if (condition.notEquals !== undefined) {
    const unwanted = condition.notEquals
    return (value) => !equalJson(value, unwanted)
  }
  const wanted = condition.equals
  return (value) => value !== undefined && equalJson(value, wanted)
}
