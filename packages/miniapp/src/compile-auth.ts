import { type CompiledAuthUrl, compileAuthUrl } from './compile-auth-url.ts'
import { compileConnectForm, type ReadConnectForm } from './compile-connect-form.ts'
import { compileExpiry } from './compile-expiry.ts'
import { type CompiledHttpStep, compileHttpStep, type StepPlace } from './compile-step.ts'
import type { AuthRequest, Definition, FormField } from './document.ts'
import { labelOf } from './label.ts'
import { isAboutToken } from './secret-names.ts'

export interface CompiledAuth {
  type: Definition['auth']['type']
  /** The connect form: explicit, or derived from the empty keys of `config` (specification 3.1). */
  form: Readonly<Record<string, FormField>>
  sensitiveKeys: ReadonlySet<string>
  /** Checks what the form submits. */
  readForm: ReadConnectForm
  autoRefresh: boolean
  /** Where a browser is sent to authorize; OAuth only. */
  authUrl: CompiledAuthUrl | undefined
  testToken: CompiledHttpStep | undefined
  getToken: CompiledHttpStep | undefined
  refreshToken: CompiledHttpStep | undefined
  userDetails: CompiledHttpStep | undefined
  registrationRequests: readonly CompiledHttpStep[]
  unregistrationRequests: readonly CompiledHttpStep[]
  /** Keys of `credentials` that registration fills in; a reconnect keeps them. */
  registrationOutputs: ReadonlySet<string>
  /** Keys of `credentials` that connecting and refreshing fill in. */
  tokenKeys: ReadonlySet<string>
}

/** @throws DefinitionError */
export function compileAuth(definition: Definition): CompiledAuth {
  const { auth } = definition
  const isExpired = compileExpiry(auth)
  const one = (name: 'test_token' | 'get_token' | 'refresh_token' | 'userDetails') => {
    const request = auth[name]
    const isToken = fillsCredentials(name)
    const tokenOutputs = isToken ? mappedKeys(request).filter((key) => !isAboutToken(key)) : []
    const place = {
      pointer: `/auth/${name}`,
      index: 0,
      secretOutputs: isToken,
      tokenOutputs,
      ...(!isToken && { isExpired }),
    }
    return request && compileAuthRequest(request, place)
  }
  const list = (name: 'registrationRequests' | 'unregistrationRequests') =>
    (auth[name] ?? []).map((request, index) =>
      compileAuthRequest(request, {
        pointer: `/auth/${name}/${index}`,
        index,
        secretOutputs: true,
        isExpired,
      }),
    )
  const form = connectForm(definition)
  const sensitiveKeys = new Set(auth.sensitiveKeys)
  return {
    type: auth.type,
    form,
    sensitiveKeys,
    readForm: compileConnectForm(form, sensitiveKeys),
    autoRefresh: auth.auto_refresh ?? false,
    authUrl: auth.type === 'oauth2' ? compileAuthUrl(auth) : undefined,
    testToken: one('test_token'),
    getToken: one('get_token'),
    refreshToken: one('refresh_token'),
    userDetails: one('userDetails'),
    registrationRequests: list('registrationRequests'),
    unregistrationRequests: list('unregistrationRequests'),
    registrationOutputs: new Set([
      ...WEBHOOK_SECRETS,
      ...(auth.registrationRequests ?? []).flatMap(mappedKeys),
    ]),
    tokenKeys: new Set([
      ...mappedKeys(auth.get_token),
      ...mappedKeys(auth.refresh_token),
      ...Object.keys(form),
    ]),
  }
}

/** `test_token` stores nothing, and what `userDetails` yields is metadata (specification 3.1). */
function fillsCredentials(name: string): boolean {
  return name === 'get_token' || name === 'refresh_token'
}

/** The system value that registration makes where nothing else gives it (specification 2.1). */
export const WEBHOOK_SECRET = 'webhookSecret'
/** With the one before it, which counts for a while after it was replaced (specification 5.2). */
export const WEBHOOK_SECRETS: readonly string[] = [WEBHOOK_SECRET, `${WEBHOOK_SECRET}Previous`]

function compileAuthRequest(request: AuthRequest, place: StepPlace): CompiledHttpStep {
  const namesUid = place.pointer === '/auth/userDetails' && mappedKeys(request).includes('uid')
  return compileHttpStep(request, { ...place, isAuthRequest: true, requiredOutputs: namesUid ? ['uid'] : [] })
}

/** Keys that an auth request puts into a bag: those of an object mapping (specification 2.3). */
export function mappedKeys(request: AuthRequest | undefined): string[] {
  return request?.mapping === undefined || Array.isArray(request.mapping) ? [] : Object.keys(request.mapping)
}

type Derivation = (definition: Definition) => Record<string, FormField>

/** Where an account is connected by form, the verification's secret has a field even if nothing else gives it. */
const byForm: Derivation = (definition) => {
  const form = definition.auth.form ?? derivedForm(definition)
  return { ...form, ...missingSecretField(definition, form) }
}

const CONNECT_FORMS = {
  bearer_token: byForm,
  apikey: byForm,
  oauth2: ({ auth }) => auth.form ?? {},
  none: () => ({}),
} satisfies Record<Definition['auth']['type'], Derivation>

/** The connect form with every field that is shown, whether it is written out or derived (specification 3.1). */
export function connectForm(definition: Definition): Record<string, FormField> {
  return CONNECT_FORMS[definition.auth.type](definition)
}

function derivedForm({ auth, webhook }: Definition): Record<string, FormField> {
  const sensitive = new Set(auth.sensitiveKeys)
  const optional = webhook?.verification?.secretKey
  const empty = Object.entries(auth.config ?? {}).filter(([, value]) => value === '')
  return Object.fromEntries(
    empty.map(([key]): [string, FormField] => [
      key,
      {
        type: sensitive.has(key) ? 'password' : 'text',
        label: labelOf(key),
        required: key !== optional,
      },
    ]),
  )
}

function missingSecretField(
  definition: Definition,
  form: Record<string, FormField>,
): Record<string, FormField> {
  const key = definition.webhook?.verification?.secretKey
  if (key === undefined || Object.hasOwn(form, key) || isGivenElsewhere(key, definition)) return {}
  return { [key]: { type: 'password', label: labelOf(key), required: false } }
}

function isGivenElsewhere(key: string, { auth }: Definition): boolean {
  const mapped = [auth.get_token, auth.refresh_token, ...(auth.registrationRequests ?? [])].flatMap(
    mappedKeys,
  )
  if (Object.hasOwn(auth.config ?? {}, key) || mapped.includes(key)) return true
  // Registration requests that name {{webhookSecret}} get a random one.
  return (
    key === WEBHOOK_SECRET &&
    /\{\{\s*webhookSecret\s*\}\}/.test(JSON.stringify(auth.registrationRequests ?? []))
  )
}
