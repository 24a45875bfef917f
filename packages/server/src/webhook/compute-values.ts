import type { ComputeCall, Definition } from 'miniapp'
import type { Context } from '../context.ts'

/**
 * What the functions of a mapping return, by call; an `Error` in the place of one that failed (specification 2.4).
 * @throws MiniAppError RATE_LIMITED where too many calls of the workspace wait
 */
export async function computeValues(
  { sandbox }: Pick<Context, 'sandbox'>,
  {
    claim,
    definition,
    calls,
  }: { claim: { workspaceId: string }; definition: Definition; calls: ComputeCall[] },
): Promise<Map<string, unknown>> {
  const values = new Map<string, unknown>()
  const run = sandbox.forWorkspace(claim.workspaceId)
  const functions = new Map(Object.entries(definition.functions ?? {}))
  for (const { id, fn, args } of calls) {
    const found = functions.get(fn)
    if (found === undefined) continue
    const { outcome } = await run({ name: fn, params: found.params, code: found.code, args }, {})
    values.set(id, outcome.ok ? outcome.value : new Error(outcome.message))
  }
  return values
}
