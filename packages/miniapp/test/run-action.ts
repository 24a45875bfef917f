import { compileDefinition } from '../src/compile.ts'
import type { Definition, Step } from '../src/document.ts'
import type { Bags } from '../src/expression/scope.ts'
import { createRedactor } from '../src/request/redact.ts'
import type { Effects } from '../src/run/effects.ts'
import type { RunContext, RunOptions } from '../src/run/run-state.ts'
import { type RunOutcome, runSteps } from '../src/run/run-steps.ts'
import { definitionWith } from './definition.ts'

export const NO_BAGS: Bags = { credentials: {}, metadata: {}, userInput: {}, config: {} }

export interface ActionRun {
  requests: Step[]
  input?: Record<string, unknown>
  bags?: Partial<Bags>
  parts?: Partial<Definition>
  context?: Partial<RunContext>
  options?: Partial<RunOptions>
}

/** Runs one action with the given effects, as an installed app would. */
export function runAction(effects: Effects, run: ActionRun): Promise<RunOutcome> {
  const definition = definitionWith({
    ...run.parts,
    actions: [{ name: 'act', title: 'Act', requests: run.requests }],
  })
  const compiled = compileDefinition(definition)
  const bags: Bags = { ...NO_BAGS, ...run.bags }
  return runSteps(
    compiled.actions.get('act')?.steps ?? [],
    {
      bags,
      input: run.input ?? {},
      system: { subdomain: 'shop' },
      allowedHosts: compiled.declaredHosts(bags),
      redact: createRedactor(compiled.secretsOf(bags)),
      functions: definition.functions,
      ...run.context,
    },
    effects,
    { deadlineMs: 60_000, ...run.options },
  )
}
