import type { CompiledAction, CompiledDefinition } from '../compile.ts'
import type { CompiledSource } from '../compile-source.ts'
import type { CompiledStep } from '../compile-step.ts'
import { didYouMean } from '../rules/rule.ts'
import type { RecordingDifference } from './compare-recording.ts'
import { RECORDED_AUTH_REQUESTS, type RecordedAuthRequest, type Recording } from './recording.ts'

/** What of a definition a recording runs. */
export type RecordedPart =
  | { kind: 'action'; action: CompiledAction }
  | { kind: 'source'; source: CompiledSource }
  | { kind: 'auth'; steps: readonly CompiledStep[] }

type Named = Pick<Recording, 'action' | 'source' | 'auth'>

/** How a recording's part is called: `createIssue`, `rpc_labels`, `auth.userDetails`. */
export function partName({ action, source, auth }: Named): string {
  return action ?? source ?? `auth.${auth}`
}

/** The part as a sentence begins with it. */
export function partTitle(recording: Named): string {
  const kind = recording.action === undefined ? (recording.source === undefined ? '' : 'Source ') : 'Action '
  return `${kind}\`${partName(recording)}\``
}

/** @returns `undefined` where the definition has no such part */
export function findPart(
  compiled: CompiledDefinition,
  { action, source, auth }: Named,
): RecordedPart | undefined {
  if (action !== undefined) {
    const found = compiled.actions.get(action)
    return found && { kind: 'action', action: found }
  }
  if (source !== undefined) {
    const found = compiled.sources.get(source)
    return found && { kind: 'source', source: found }
  }
  const steps = auth === undefined ? [] : authSteps(compiled, auth)
  return steps.length === 0 ? undefined : { kind: 'auth', steps }
}

/** A recording of something that the definition does not have. */
export function unknownPart(
  compiled: CompiledDefinition,
  { action, source, auth }: Named,
): RecordingDifference {
  if (action !== undefined) {
    const means = didYouMean(action, compiled.actions.keys(), 'the definition')
    return { pointer: '/action', message: `there is no action \`${action}\`; ${means}` }
  }
  if (source !== undefined) {
    const means = didYouMean(source, compiled.sources.keys(), '`source`')
    return { pointer: '/source', message: `\`source\` has no key \`${source}\`; ${means}` }
  }
  const present = RECORDED_AUTH_REQUESTS.filter((name) => authSteps(compiled, name).length > 0)
  const means = didYouMean(auth ?? '', present, '`auth`')
  return { pointer: '/auth', message: `\`auth\` has no \`${auth}\`; ${means}` }
}

/** One step, or those of a list in their order. */
function authSteps({ auth }: CompiledDefinition, name: RecordedAuthRequest): CompiledStep[] {
  const steps: Record<RecordedAuthRequest, readonly (CompiledStep | undefined)[]> = {
    get_token: [auth.getToken],
    test_token: [auth.testToken],
    userDetails: [auth.userDetails],
    refresh_token: [auth.refreshToken],
    registrationRequests: auth.registrationRequests,
    unregistrationRequests: auth.unregistrationRequests,
  }
  return steps[name].filter((step) => step !== undefined)
}
