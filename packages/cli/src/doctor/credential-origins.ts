import { mappedNames, namesIn } from '../local/credential-names.ts'
import type { Given } from '../local/given.ts'
import type { LocalApp } from '../local/load-app.ts'

export interface CredentialOrigin {
  key: string
  /** Where the value of `[[key]]` comes from. */
  from: string
  isThere: boolean
}

/** For every `[[key]]` of the definition, where its value comes from; values are never told. */
export function credentialOrigins(
  { compiled }: LocalApp,
  { credentials, stored }: Given,
): CredentialOrigin[] {
  const { definition, auth } = compiled
  const config = definition.auth.config ?? {}
  const fromAuth = {
    get_token: mappedNames(definition, 'get_token'),
    userDetails: mappedNames(definition, 'userDetails'),
  }
  const has = (bag: Record<string, unknown> | undefined, key: string) =>
    bag !== undefined && Object.hasOwn(bag, key) && bag[key] !== '' && bag[key] !== null
  return [...namesIn(definition).credentials].sort().map((key) => {
    if (has(credentials, key)) return { key, from: 'the command line or the environment', isThere: true }
    if (has(stored?.credentials, key)) return { key, from: 'credentials of the connection', isThere: true }
    if (has(stored?.metadata, key)) return { key, from: 'metadata of the connection', isThere: true }
    if (has(config, key)) return { key, from: 'auth.config', isThere: true }
    if (auth.form[key]?.default) return { key, from: 'the default of the connect form', isThere: true }
    const giver = Object.entries(fromAuth).find(([, names]) => names.includes(key))
    if (giver)
      return { key, from: `${giver[0]}, when an account is connected`, isThere: stored === undefined }
    if (auth.registrationOutputs.has(key)) return { key, from: 'registration, on a server', isThere: true }
    return {
      key,
      from: Object.hasOwn(auth.form, key) ? 'the connect form, where it was not filled in' : 'nowhere',
      isThere: false,
    }
  })
}

/** How providers mark a public key and a secret one; a mark in the other's field means that they were swapped. */
const MARKS = { public: /^(?:ck|pk|pub)_/, secret: /^(?:cs|sk|sec|shpss)_/ } as const

/** Fields whose value begins as the other kind of key does. */
export function swappedKeys(credentials: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(credentials).flatMap(([name, value]) => {
    if (typeof value !== 'string') return []
    const isSecretField = /secret/i.test(name)
    const wrong = isSecretField ? MARKS.public : MARKS.secret
    return (isSecretField || /key$/i.test(name)) && wrong.test(value) ? [name] : []
  })
}
