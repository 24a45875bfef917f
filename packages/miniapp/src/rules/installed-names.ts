import type { ResponseMapping } from '../document.ts'
import { isText } from '../schema/branch.ts'
import { childValue } from '../schema/walk.ts'
import type { Survey } from './survey.ts'

/** Names that an install can hold, by bag (specification 3.2), as far as the document says. */
export interface InstalledNames {
  /** Form fields that may be shown: neither password fields nor sensitive. */
  userInput: ReadonlySet<string>
  /** The mapping of `userDetails`. */
  metadata: ReadonlySet<string>
  /** Keys of `auth.config` that the workspace does not fill in. */
  config: ReadonlySet<string>
  /** Whatever `[[key]]` can resolve to. */
  credentials: ReadonlySet<string>
  /** What must be written as `[[key]]`. */
  secrets: ReadonlySet<string>
}

export function installedNames(survey: Survey): InstalledNames {
  const { auth } = survey
  const fields = connectFields(survey)
  const sensitive = new Set(auth.sensitiveKeys)
  const isSecret = (name: string) => sensitive.has(name) || fields.get(name) === 'password'
  const mapped = credentialMappings(survey)
  const metadata = outputNames(auth.single.userDetails.value?.mapping)
  const configKeys = Object.keys(auth.config)
  return {
    userInput: new Set([...fields.keys()].filter((name) => !isSecret(name))),
    metadata: new Set(metadata),
    config: new Set(configKeys.filter((name) => !fields.has(name))),
    credentials: new Set([...fields.keys(), ...configKeys, ...mapped, ...metadata]),
    secrets: new Set([...sensitive, ...[...fields.keys()].filter(isSecret), ...mapped]),
  }
}

/** Keys of an object mapping, or names of a list: what a response yields. */
export function outputNames(mapping: ResponseMapping | undefined): string[] {
  if (mapping === undefined) return []
  if (!Array.isArray(mapping)) return Object.keys(mapping)
  return mapping.map((entry) => childValue(entry, 'name')).filter(isText)
}

/** Object mappings are persisted; list mappings are not (2.3). */
export function persistedNames(mapping: ResponseMapping | undefined): string[] {
  return mapping === undefined || Array.isArray(mapping) ? [] : Object.keys(mapping)
}

function credentialMappings({ auth, document }: Survey): string[] {
  const requests = [auth.single.get_token, auth.single.refresh_token, ...auth.registrationRequests]
  const names = requests.flatMap((request) => persistedNames(request.value?.mapping))
  return usesWebhookSecret(document['auth']) ? [...names, 'webhookSecret'] : names
}

/** Naming `{{webhookSecret}}` while registering makes one, and stores it with the credentials (2.1). */
function usesWebhookSecret(auth: unknown): boolean {
  return /\{\{\s*webhookSecret\s*\}\}/.test(JSON.stringify(auth ?? null))
}

/** The connect form: explicit, or derived from the empty config keys (3.1); the verification's secret joins it where it is found nowhere. */
function connectFields(survey: Survey): Map<string, 'password' | 'open'> {
  const { auth } = survey
  const fields = new Map<string, 'password' | 'open'>()
  for (const [name, field] of Object.entries(auth.form ?? {}))
    fields.set(name, field.type === 'password' ? 'password' : 'open')
  if (auth.form === undefined && hasConnectForm(survey)) {
    for (const [name, value] of Object.entries(auth.config)) {
      if (value === '') fields.set(name, auth.sensitiveKeys.includes(name) ? 'password' : 'open')
    }
  }
  const secretKey = survey.webhook.value?.verification?.secretKey
  if (secretKey !== undefined && hasConnectForm(survey) && !isDeclared(survey, secretKey, fields)) {
    fields.set(secretKey, 'password')
  }
  return fields
}

/** With these types accounts are connected by a form, even where none is written down. */
export function hasConnectForm({ auth }: Survey): boolean {
  return auth.type === 'bearer_token' || auth.type === 'apikey'
}

/** Whether the document itself says where a value comes from. */
export function isDeclared(survey: Survey, name: string, fields: ReadonlyMap<string, unknown>): boolean {
  return (
    fields.has(name) || Object.hasOwn(survey.auth.config, name) || credentialMappings(survey).includes(name)
  )
}
