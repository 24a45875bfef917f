import type { CompiledDefinition } from '../compile.ts'
import type { CompiledHttpStep } from '../compile-step.ts'
import type { Rec } from '../expression/own.ts'
import type { Bags } from '../expression/scope.ts'
import { createRedactor, textsIn } from '../request/redact.ts'
import type { Effects } from './effects.ts'
import type { RunContext, RunOptions } from './run-state.ts'
import { type RunOutcome, runSteps } from './run-steps.ts'

export interface AuthRun {
  step: CompiledHttpStep
  compiled: CompiledDefinition
  bags: Bags
  system: Rec
  /** `code`, `code_verifier`, `webhookSecret` and the like. */
  authValues?: Rec
  /** Array-form outputs of earlier requests of the same list. */
  earlier?: Rec
  /** Makes a 401 worth one refresh; without it a 401 is an answer like any other. */
  refresh?: RunContext['refresh']
}

/** System values that nothing shadows in an auth request (specification 2.1). */
const UNSHADOWED = ['webhookUrl', 'redirect_uri', 'subdomain'] as const

/** Values of one flow that are secret although no bag holds them. */
const SECRET_VALUES = ['code', 'code_verifier', 'webhookSecret'] as const

/**
 * Runs one auth request: it sees app config and the values of its flow, may reach and hides what is known by then, and
 * its result is meant to be stored, so it is not redacted. Never rejects.
 */
export function runAuthRequest(run: AuthRun, effects: Effects, options: RunOptions): Promise<RunOutcome> {
  const { step, compiled, bags, system, earlier, refresh } = run
  const authValues = { ...pick(system, UNSHADOWED), ...run.authValues }
  return runSteps(
    [step],
    {
      bags,
      input: earlier ?? {},
      system,
      authValues,
      isAuthRequest: true,
      allowedHosts: compiled.declaredHosts(bags),
      redact: createRedactor([
        ...compiled.secretsOf(bags),
        ...textsIn(Object.values(pick(authValues, SECRET_VALUES))),
      ]),
      functions: compiled.definition.functions,
      ...(refresh && { refresh }),
    },
    effects,
    options,
  )
}

function pick(values: Rec, names: readonly string[]): Rec {
  return Object.fromEntries(names.flatMap((name) => (name in values ? [[name, values[name]]] : [])))
}
