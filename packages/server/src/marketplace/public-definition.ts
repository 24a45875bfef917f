import type { Definition } from 'miniapp'

/** Whole words of a name, in camelCase or snake_case, that say that its value is a secret (specification 1.2). */
const SECRET_WORDS = new Set(['token', 'secret', 'password', 'key'])

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
}

/**
 * The definition as it may leave the server: values of `auth.config` that are or may be secrets are replaced by an
 * empty string, the spelling for "provided elsewhere" (10b section 2.1). Everything else of a definition is public by
 * nature: templates name credentials and never hold them.
 */
export function publicDefinition(definition: Definition): Definition {
  const { config, sensitiveKeys = [] } = definition.auth
  if (!config) return definition
  const mayShow = (name: string) =>
    !sensitiveKeys.includes(name) && !wordsOf(name).some((word) => SECRET_WORDS.has(word))
  const shown = Object.entries(config).map(([name, value]) => [name, mayShow(name) ? value : ''])
  return { ...definition, auth: { ...definition.auth, config: Object.fromEntries(shown) } }
}
