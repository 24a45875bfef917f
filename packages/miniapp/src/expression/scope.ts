import type { Rec } from './own.ts'

declare const scopeKind: unique symbol

/** Places a placeholder looks at, in order. */
export type Sources = readonly Rec[]

/**
 * What `{{key}}` resolves from. Branded: code that takes an input scope (the arguments of an App Function) cannot be
 * given a credential scope by mistake; it does not compile.
 */
export interface InputScope {
  readonly [scopeKind]: 'input'
  /** In the order of specification 2.1; the first that has the key wins. */
  readonly sources: Sources
  /** The sources that may choose scheme, host and port of a request that carries a credential or app config. */
  readonly hostSources: Sources
}

/** What `[[key]]` resolves from: credentials, metadata, app config. */
export interface CredentialScope {
  readonly [scopeKind]: 'credential'
  readonly sources: Sources
}

export interface Scopes {
  input: InputScope
  credential: CredentialScope
}

export interface InputValues {
  /** Auth requests: `code`, `state`, `redirect_uri` and the like; nothing shadows them. */
  authValues?: Rec
  /** The `as` name of a `forEach` step with its item; ranks before form input. */
  loopItem?: Rec
  /** The action's form input, or a source's parameters. */
  input: Rec
  /** Outputs of earlier steps. */
  outputs: Rec
  userInput: Rec
  metadata: Rec
  /** App config; given in auth requests only. */
  config?: Rec
  system: Rec
}

/** The bags of an install (specification 3.2). `config` is the operator's override merged over `auth.config`. */
export interface Bags {
  credentials: Rec
  metadata: Rec
  userInput: Rec
  config: Rec
}

export function createInputScope(values: InputValues): InputScope {
  const { authValues, loopItem, input, outputs, userInput, metadata, config, system } = values
  const sources: Rec[] = []
  if (authValues) sources.push(authValues)
  const hostSources = [...sources]
  if (loopItem) sources.push(loopItem)
  sources.push(input, outputs)
  for (const list of [sources, hostSources]) {
    list.push(userInput, metadata)
    if (config) list.push(withoutEmpty(config))
    list.push(system)
  }
  return { sources, hostSources } as unknown as InputScope
}

export function createCredentialScope(
  bags: Pick<Bags, 'credentials' | 'metadata' | 'config'>,
): CredentialScope {
  return {
    sources: [bags.credentials, bags.metadata, withoutEmpty(bags.config)],
  } as unknown as CredentialScope
}

/** `""` in app config means that the tenant provides the value: it is no hit (specification 2.1). */
function withoutEmpty(config: Rec): Rec {
  if (!Object.values(config).includes('')) return config
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ''))
}
