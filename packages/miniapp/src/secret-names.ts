/** What the name of a value says about its secrecy. */

/** Words that make a name of app config a secret's name (specification 1.2, level 3). */
const SECRET_WORDS = new Set(['token', 'secret', 'password', 'key'])

/** Whether a camelCase or snake_case name holds `token`, `secret`, `password` or `key` as a whole word. */
export function hasSecretWord(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return words.some((word) => SECRET_WORDS.has(word))
}

/**
 * What a token endpoint says about a token (RFC 6749, 5.1): no secrets, and hiding `bearer` or a scope would tear
 * provider messages apart.
 */
const ABOUT_TOKENS = new Set(['tokentype', 'expiresin', 'expiresat', 'scope', 'scopes'])

/** Whether an output of this name describes a token instead of being one. */
export function isAboutToken(key: string): boolean {
  return ABOUT_TOKENS.has(key.replaceAll(/[_-]/g, '').toLowerCase())
}
