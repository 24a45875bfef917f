import { type CompiledAuth, compileAuth } from './compile-auth.ts'
import { compileExpiry } from './compile-expiry.ts'
import { compileSecrets } from './compile-secrets.ts'
import { type CompiledSource, compileSources } from './compile-source.ts'
import { type CompiledStep, compileStep } from './compile-step.ts'
import type { ActionDefinition, Definition } from './document.ts'
import { type Bags, createCredentialScope, createInputScope, type Scopes } from './expression/scope.ts'
import { type CompiledUrl, compileUrl } from './expression/url.ts'
import { compileInput, type InputOutcome } from './input.ts'
import { under } from './schema/pointer.ts'

export interface CompiledAction {
  name: string
  pointer: string
  steps: readonly CompiledStep[]
  /** Checks and coerces form input (specification 4.1). The schema is compiled at the first call. */
  coerceInput(raw: unknown): InputOutcome
}

export interface CompiledDefinition {
  definition: Definition
  ns: string
  version: string
  actions: ReadonlyMap<string, CompiledAction>
  sources: ReadonlyMap<string, CompiledSource>
  auth: CompiledAuth
  /**
   * Hosts that requests of this install may go to (specification 10.4), `host` or `*.host`: of the URL templates, of
   * `allowedHosts`, and of stored values that stand for a whole origin or host.
   */
  declaredHosts(bags: Bags): string[]
  /** Values of the bags that are redacted (specification 3.2), for `createRedactor`. */
  secretsOf(bags: Bags): string[]
}

/**
 * Compiles a definition that validation has passed, once per version: afterwards nothing is parsed but input and
 * answers.
 *
 * @throws DefinitionError where a template, path or reference cannot mean anything; validation reports the same first
 */
export function compileDefinition(definition: Definition): CompiledDefinition {
  const auth = compileAuth(definition)
  const actions = new Map(
    (definition.actions ?? []).map((action, index) => [
      action.name,
      compileAction(action, index, definition),
    ]),
  )
  const sources = compileSources(definition)
  return {
    definition,
    ns: definition.ns,
    version: definition.version,
    actions,
    sources,
    auth,
    declaredHosts: compileDeclaredHosts(definition, { auth, actions, sources }),
    secretsOf: compileSecrets(definition, auth.form),
  }
}

function compileAction(action: ActionDefinition, index: number, definition: Definition): CompiledAction {
  const pointer = `/actions/${index}`
  const segmentKeys = segmentParameters(action)
  const isExpired = compileExpiry(definition.auth)
  let coerce: CompiledAction['coerceInput'] | undefined
  return {
    name: action.name,
    pointer,
    steps: action.requests.map((step, at) =>
      compileStep(
        step,
        { pointer: `${pointer}/requests/${at}`, index: at, segmentKeys, isExpired },
        definition,
      ),
    ),
    coerceInput: (raw) => {
      coerce ??= compileInput(action.parameters ?? {}, `${pointer}/parameters`)
      return coerce(raw)
    },
  }
}

function segmentParameters(action: ActionDefinition): ReadonlySet<string> {
  const properties = Object.entries(action.parameters?.properties ?? {})
  return new Set(
    properties
      .filter(([, schema]) => typeof schema === 'object' && schema['x-path'] === 'segment')
      .map(([name]) => name),
  )
}

interface Compiled {
  auth: CompiledAuth
  actions: ReadonlyMap<string, CompiledAction>
  sources: ReadonlyMap<string, CompiledSource>
}

function compileDeclaredHosts(
  definition: Definition,
  { auth, actions, sources }: Compiled,
): (bags: Bags) => string[] {
  const ownHosts = (definition.allowedHosts ?? []).map((host) => host.toLowerCase())
  const authUrls = [
    ...[auth.testToken, auth.getToken, auth.refreshToken, auth.userDetails].filter(
      (step) => step !== undefined,
    ),
    ...auth.registrationRequests,
    ...auth.unregistrationRequests,
    ...(auth.authUrl ? [auth.authUrl] : []),
  ].map(({ url }) => url)
  const stepUrls = [...actions.values()].flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === 'http' ? [step.url] : [])),
  )
  const otherUrls = [
    ...stepUrls,
    ...[...sources.values()].map(({ step }) => step.url),
    ...syncUrls(definition),
  ]
  return (bags) => {
    const hosts = new Set(ownHosts)
    addHosts(hosts, authUrls, storedScopes(bags, true))
    addHosts(hosts, otherUrls, storedScopes(bags, false))
    return [...hosts]
  }
}

function addHosts(hosts: Set<string>, urls: readonly CompiledUrl[], scopes: Scopes): void {
  for (const url of urls) {
    const host = url.declaredHost(scopes)
    if (host !== undefined) hosts.add(host)
  }
}

/** Stored values only; app config is visible to `{{…}}` in auth requests alone. */
function storedScopes(bags: Bags, withConfig: boolean): Scopes {
  const { userInput, metadata, config } = bags
  return {
    input: createInputScope({
      input: {},
      outputs: {},
      userInput,
      metadata,
      ...(withConfig && { config }),
      system: {},
    }),
    credential: createCredentialScope(bags),
  }
}

/** An endpoint that names its own origin, in letters or by a placeholder; the others follow `baseUrl` (6.1). */
const ABSOLUTE_URL = /^(?:[a-z][a-z0-9+.-]*:\/\/|\{\{|\[\[)/i

function syncUrls({ sync }: Definition): CompiledUrl[] {
  if (!sync) return []
  const base = sync.baseUrl === undefined ? [] : [compileUrl(sync.baseUrl, '/sync/baseUrl')]
  const endpoints = Object.entries(sync.resources ?? {}).flatMap(([name, { endpoints: pair }]) =>
    [pair.list, pair.details]
      .filter((endpoint) => endpoint !== undefined && ABSOLUTE_URL.test(endpoint.url))
      .map((endpoint) => compileUrl(endpoint?.url ?? '', under('/sync/resources', name, 'endpoints'))),
  )
  return [...base, ...endpoints]
}
