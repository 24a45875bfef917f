import { type CompiledDefinition, type Definition, parsePlaceholders } from 'miniapp'

/** What a part of a definition reads besides the form: the first names of its placeholders. */
export interface NamedValues {
  /** `[[key]]` */
  credentials: ReadonlySet<string>
  /** `{{key}}` */
  inputs: ReadonlySet<string>
}

/** @param part any JSON of a definition */
export function namesIn(part: unknown): NamedValues {
  const credentials = new Set<string>()
  const inputs = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      for (const piece of parsePlaceholders(value)) {
        if (typeof piece === 'string') continue
        const set = piece.syntax === 'credential' ? credentials : inputs
        set.add(/^[^.[\]\s]+/.exec(piece.key)?.[0] ?? piece.key)
      }
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit)
  }
  visit(part)
  return { credentials, inputs }
}

/**
 * Everything that may be given to an app as a credential: form fields, config keys, whatever `[[key]]` names, and what
 * webhooks are verified with.
 */
export function credentialNames({ definition, auth }: CompiledDefinition): string[] {
  const config = Object.keys(definition.auth.config ?? {})
  const named = [...namesIn(definition).credentials, ...verificationKeys(definition)]
  return [...new Set([...Object.keys(auth.form), ...config, ...named])]
}

/** Names of the secrets that webhooks are verified with; the last is the one that is kept secret. */
export function verificationKeys({ webhook }: Definition): string[] {
  const { secretKey, basic, jwt } = webhook?.verification ?? {}
  const keys = [secretKey, jwt?.secretKey, basic?.usernameKey, basic?.passwordKey]
  return keys.filter((key) => key !== undefined)
}

/** Keys that an auth request's object mapping gives. */
export function mappedNames(definition: Definition, request: 'get_token' | 'userDetails'): string[] {
  const mapping = definition.auth[request]?.mapping
  return mapping === undefined || Array.isArray(mapping) ? [] : Object.keys(mapping)
}
