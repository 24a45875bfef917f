import { configSecretsOf, type Definition } from 'miniapp'

/**
 * The definition as it may leave the server: values of `auth.config` that are or may be secrets are replaced by an
 * empty string, the spelling for "provided elsewhere" (10b section 2.1). Everything else of a definition is public by
 * nature: templates name credentials and never hold them.
 */
export function publicDefinition(definition: Definition): Definition {
  const { config } = definition.auth
  if (!config) return definition
  const isSecret = configSecretsOf(definition)
  const shown = Object.entries(config).map(([name, value]) => [name, isSecret(name) ? '' : value])
  return { ...definition, auth: { ...definition.auth, config: Object.fromEntries(shown) } }
}
