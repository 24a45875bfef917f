/** The query of a callback (RFC 6749, 4.1.2): what a provider sends back through the browser, or somebody in its place. */

/** Characters of a code: the longest in the wild, those of Microsoft, have some 2000. */
export const MAX_CODE_CHARACTERS = 4096
/** Characters that are shown of `error` and of `error_description`. */
const MAX_ERROR_CHARACTERS = 100
const MAX_DESCRIPTION_CHARACTERS = 500

/** RFC 6749, A.11: visible characters and the space. */
const CODE = /^[\x20-\x7e]+$/

export type CallbackParameters =
  | { state: string; code: string }
  /** Cut to what is shown, on one line. */
  | { state: string; error: string; description: string | undefined }

const ANSWER_PARAMETERS = ['code', 'error'] as const
const READ_PARAMETERS = ['state', ...ANSWER_PARAMETERS, 'error_description'] as const

/** Whether a request completes a flow instead of starting one (specification 3.4). */
export function isCallback(query: URLSearchParams): boolean {
  return ANSWER_PARAMETERS.some((name) => query.has(name)) || query.has('state')
}

/**
 * An error wins over a code that comes with it: nothing is exchanged then.
 * @returns undefined where a parameter is missing, doubled (RFC 6749, 3.1), too long, or no text of its kind
 */
export function readCallback(query: URLSearchParams): CallbackParameters | undefined {
  if (READ_PARAMETERS.some((name) => query.getAll(name).length > 1)) return undefined
  const [state, code, error, description] = READ_PARAMETERS.map((name) => query.get(name) || undefined)
  if (state === undefined) return undefined
  if (error !== undefined) {
    return {
      state,
      error: shown(error, MAX_ERROR_CHARACTERS),
      description: description && shown(description, MAX_DESCRIPTION_CHARACTERS),
    }
  }
  if (code === undefined || code.length > MAX_CODE_CHARACTERS || !CODE.test(code)) return undefined
  return { state, code }
}

/** Without line breaks, control characters and those that turn the direction of writing. */
function shown(text: string, most: number): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return line.length > most ? `${line.slice(0, most).toWellFormed()}…` : line
}
