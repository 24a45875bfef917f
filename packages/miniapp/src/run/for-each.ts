import type { CompiledHttpStep } from '../compile-step.ts'
import { MiniAppError } from '../errors.ts'
import { type Rec, typeName } from '../expression/own.ts'
import type { RunState } from './run-state.ts'

/** What a step gives: `result` joins the action's result, `outputs` what later steps see. */
export interface StepYield {
  result: Rec
  outputs: Rec
}

/**
 * The list of a `forEach` step; a list that does not resolve, or is `null`, has no items.
 *
 * @throws MiniAppError `VALIDATION_ERROR` where it is no list, or longer than the step's `limit`: leaving items out
 *   silently would report a success that was not one
 */
export function itemsOf(step: CompiledHttpStep & { forEach: object }, state: RunState): unknown[] {
  const { items, limit } = step.forEach as NonNullable<CompiledHttpStep['forEach']>
  const list = items.render(state.scopes({}))
  if (list === undefined || list === null) return []
  if (!Array.isArray(list))
    throw refused(step, `The items of the step must be a list; they are ${typeName(list)}.`)
  if (list.length > limit) {
    throw refused(step, `The step has ${list.length} items, and at most ${limit} are sent at once.`, {
      limit,
    })
  }
  return list
}

/**
 * Runs `task` for each item, at most `concurrency` at once, results in item order. The first failure ends it: no
 * further item is begun, and what is in flight is waited for, so that its outcome is recorded.
 */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  task: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  let failure: { error: unknown } | undefined
  const lane = async (): Promise<void> => {
    while (next < items.length && !failure) {
      const index = next++
      try {
        results[index] = await task(items[index] as Item, index)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, lane))
  if (failure) throw failure.error
  return results
}

/** Each mapped key becomes a list in item order; an item that gave no value holds its place with `null`. */
export function collectYields(step: CompiledHttpStep, yields: readonly StepYield[]): StepYield {
  const result: Rec = {}
  const outputs: Rec = {}
  for (const { key, inResult } of step.outputs) {
    const list = yields.map((one) => one.outputs[key] ?? null)
    outputs[key] = list
    if (inResult) result[key] = list
  }
  return { result, outputs }
}

function refused(step: CompiledHttpStep, message: string, details: { limit?: number } = {}): MiniAppError {
  return new MiniAppError('VALIDATION_ERROR', message, { path: `${step.pointer}/forEach`, details })
}
