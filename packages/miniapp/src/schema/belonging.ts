import type { z } from 'zod'
import { childSchema, effectiveSchema, elementSchema, knownProperties } from './walk.ts'

/** An object on the way from the document to the place that is looked at. */
export interface Holder {
  /** How its place is named; the empty string for the document. */
  name: string
  value: Record<string, unknown>
  schema: z.core.$ZodType
}

/** Where a property belongs that the format knows, but not where it stands. */
export interface Belonging {
  /** The end of a message: what to do with the property. */
  says: string
  /** Names from the object that the property stands in to the property, where it belongs inside of that object. */
  below?: string[]
}

/** Names of other formats and libraries, for what ours calls differently. */
const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  attempts: ['maxAttempts', 'retries', 'maxRetries', 'times'],
  args: ['arguments', 'params', 'parameters', 'input'],
  auth_url: ['authorization_url', 'authorizationUrl', 'authorize_url', 'authorizeUrl'],
  body: ['data', 'payload', 'json', 'form'],
  endpoints: ['url', 'endpoint'],
  equals: ['eq', 'is', 'equalTo'],
  get_token: ['token_url', 'tokenUrl', 'access_token_url', 'exchange', 'login'],
  help: ['description', 'hint', 'helpText'],
  label: ['title', 'displayName'],
  labelField: ['label', 'text', 'labelPath'],
  parameters: ['form', 'fields', 'inputs', 'inputSchema', 'params', 'schema'],
  mapping: ['outputs', 'output', 'responseMapping', 'extract'],
  params: ['args', 'arguments', 'parameters'],
  path: ['jsonPath', 'field', 'from'],
  queryParams: ['query', 'params', 'search', 'qs'],
  refresh_token: ['refresh_url', 'refreshUrl'],
  requests: ['steps', 'request', 'operations'],
  secretKey: ['secret', 'key'],
  headerName: ['header'],
  signedPayload: ['payload', 'template'],
  test_token: ['test', 'testUrl'],
  timeoutMs: ['timeout', 'timeoutSeconds'],
  title: ['label', 'displayName'],
  transform: ['function', 'cast', 'convert'],
  type: ['algorithm', 'kind', 'scheme'],
  url: ['uri', 'href', 'endpoint'],
  userDetails: ['me', 'whoami', 'userInfo', 'profile'],
  value: ['path'],
  valueField: ['value', 'id', 'valuePath'],
}

/** What ours calls the same, among names that are free. */
export function otherWordFor(name: string, free: readonly string[]): string | undefined {
  return free.find((candidate) => OTHER_WORDS[candidate]?.includes(name))
}

/** Values of `auth.config`, by the names that the standard gives them (RFC 6749). */
const CONFIG_NAMES = new Set(['client_id', 'client_secret', 'scope', 'scopes', 'clientId', 'clientSecret'])

/** Names that so many parts have that another place for them would be a guess. */
const COMMON_NAMES = new Set([
  'description',
  'headers',
  'icon',
  'key',
  'label',
  'method',
  'name',
  'path',
  'title',
  'type',
  'url',
  'value',
])

/**
 * Where a misplaced property belongs: inside a part of its object, beside one of the objects around it, or inside a part
 * of those. The innermost answer is the most likely one. A place that already has the property is none.
 *
 * @param holders from the document to the object that the property stands in
 */
export function belongingOf(property: string, holders: readonly Holder[]): Belonging | undefined {
  const own = holders.at(-1)
  if (own === undefined) return undefined
  if (own.name === 'auth' && CONFIG_NAMES.has(property))
    return { says: 'it belongs into `config`, or into the request that sends it' }
  const part = partThatKnows(property, own)
  if (part !== undefined) return { says: `it belongs into \`${part}\``, below: [part, property] }
  if (COMMON_NAMES.has(property)) return undefined
  for (let index = holders.length - 2; index >= 0; index -= 1) {
    const around = holders[index] as Holder
    const inner = (holders[index + 1] as Holder).name
    if (Object.hasOwn(around.value, property)) continue
    if (knownNames(around).includes(property)) return { says: besides(around, inner) }
    const sibling = partThatKnows(property, around)
    if (sibling !== undefined && sibling !== inner) return { says: `it belongs into \`${sibling}\`` }
  }
  return undefined
}

function besides({ name }: Holder, inner: string): string {
  return name === '' ? `it belongs beside \`${inner}\`, at the top` : `it belongs beside \`${inner}\``
}

function knownNames({ schema }: Holder): string[] {
  return knownProperties(schema)?.names ?? []
}

/** A property of the object whose own properties have the name, and which is absent or does not have it yet. */
function partThatKnows(property: string, { schema, value }: Holder): string | undefined {
  return knownNames({ schema, value, name: '' }).find((part) => {
    const inside = value[part]
    if (typeof inside === 'object' && inside !== null && Object.hasOwn(inside, property)) return false
    const child = childSchema(schema, part)
    const effective = child && effectiveSchema(child, inside ?? {})
    const element = effective && elementSchema(effective)
    const known = [effective, element && effectiveSchema(element, {})]
    return known.some((one) => one !== undefined && knownProperties(one)?.names.includes(property))
  })
}
