import { isObject, readOwn } from '../expression/own.ts'
import { type Redactor, redactStart } from './redact.ts'

/** Characters of a provider's own words that an error carries: enough for a sentence or two, no page of HTML. */
export const MAX_PROVIDER_MESSAGE_CHARACTERS = 500

/** Characters of a text body that are searched for words: what an error page wants to say stands at its top. */
const SEARCHED_CHARACTERS = 4_096

/** Names under which providers put the text, in order; an object or list below one of them is searched likewise. */
const MESSAGE_NAMES = [
  'error',
  'error_description',
  'message',
  'errors',
  'error_message',
  'errorMessage',
  'detail',
  'details',
  'title',
  'description',
  'msg',
  'reason',
]

/** Under which providers say per field what is wrong with it, beside a message that may be a mere code (Salla). */
const FIELDS_NAME = 'fields'

/** Depth to which errors are nested: `errors[0].error.message` is the deepest that occurs. */
const MAX_DEPTH = 4

/** Distinct texts that make up a message: a code and its explanation (`invalid_grant: The code has expired`). */
const MAX_PARTS = 2

/**
 * What a provider says about a failure, in its own words, redacted and at most
 * {@link MAX_PROVIDER_MESSAGE_CHARACTERS} characters; `undefined` where it says nothing.
 */
export function providerMessage(body: unknown, redact: Redactor): string | undefined {
  const found = typeof body === 'string' ? textOfPage(body) : messageParts(body, 0).join(': ')
  return tidyMessage(found, redact)
}

/** One line of redacted text within the limit; `undefined` where nothing is left. */
export function tidyMessage(text: string, redact: Redactor): string | undefined {
  const line = redactStart(text, redact, SEARCHED_CHARACTERS).replace(/\s+/g, ' ').trim()
  return line === '' ? undefined : line.slice(0, MAX_PROVIDER_MESSAGE_CHARACTERS)
}

function messageParts(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value.trim()]
  if (depth > MAX_DEPTH) return []
  if (Array.isArray(value)) return messageParts(value[0], depth + 1)
  if (!isObject(value)) return []
  const parts: string[] = []
  for (const name of MESSAGE_NAMES) {
    for (const part of messageParts(readOwn(value, name), depth + 1)) {
      if (!parts.some((other) => other.includes(part))) parts.push(part)
    }
    if (parts.length >= MAX_PARTS) break
  }
  const fields = readOwn(value, FIELDS_NAME)
  if (isObject(fields)) parts.push(...firstFieldError(fields))
  return parts.length > 0 || depth === 0 ? parts.slice(0, MAX_PARTS) : firstFieldError(value)
}

/** `{ "email": ["is taken"] }` below `errors` or `fields`: the field belongs to the message. */
function firstFieldError(errors: Record<string, unknown>): string[] {
  const [field, said] = Object.entries(errors)[0] ?? []
  const text = Array.isArray(said) ? said[0] : said
  return field !== undefined && typeof text === 'string' ? [`${field} ${text}`] : []
}

/**
 * What may be quoted of an answer that can hold new secrets, which no redactor knows yet: texts under the names of
 * messages, at the top or below `error`, and a web page; never text that may be a token.
 */
export function wordsOf(body: unknown): unknown {
  if (typeof body === 'string') return body.trimStart().startsWith('<') ? body : undefined
  if (!isObject(body)) return undefined
  const texts = (of: unknown) =>
    MESSAGE_NAMES.flatMap((name): [string, unknown][] => {
      const value = readOwn(of, name)
      return typeof value === 'string' ? [[name, value]] : []
    })
  return Object.fromEntries([...texts(readOwn(body, 'error')), ...texts(body)])
}

/** A code as RFC 6749, 5.2 and providers spell it, not a sentence. */
const ERROR_CODE = /^[A-Za-z][\w.-]{0,63}$/

/** Where an error code stands, first the place that RFC 6749 gives it. */
const CODE_PLACES: readonly (readonly (string | number)[])[] = [
  ['error'],
  ['error', 'code'],
  ['error', 'type'],
  ['error', 'error'],
  ['errors', 0, 'code'],
  ['errors', 0, 'error'],
  ['errorCode'],
  ['error_code'],
  ['code'],
]

/** The code of an error that a token endpoint answers, such as `invalid_grant`, in lower case; `undefined` where it names none. */
export function providerErrorCode(body: unknown): string | undefined {
  for (const place of CODE_PLACES) {
    const found = place.reduce<unknown>(
      (value, step) =>
        typeof step === 'string' ? readOwn(value, step) : Array.isArray(value) ? value[step] : undefined,
      body,
    )
    if (typeof found === 'string' && ERROR_CODE.test(found)) return found.toLowerCase()
  }
  return undefined
}

function textOfPage(text: string): string {
  const start = text.slice(0, SEARCHED_CHARACTERS)
  if (!/<[a-z!?/]/i.test(start)) return text
  const title = /<title[^<>]*>([^<]+)/i.exec(start)?.[1]
  return title ?? start.replace(/<[^<>]*>/g, ' ')
}
