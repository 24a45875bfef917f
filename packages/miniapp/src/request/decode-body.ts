import { parseJson } from '../expression/json.ts'
import type { IncomingResponse } from '../run/effects.ts'
import { decodeText, FORM_TYPE, fieldsOf, JSON_TYPE, parseContentType } from './decode-text.ts'

export interface DecodedBody {
  /** What `$` is in mappings: parsed JSON, an object of form fields, text, or `null` for an empty body. */
  value: unknown
  /** The decoded text, for the record. */
  text: string
  /** Set where the body is not what its `Content-Type` says. */
  note?: string
}

export interface DecodeOptions {
  /** Token endpoints answer JSON or form-encoded under any type; their bodies are read as what they look like (3.4). */
  fieldsInText?: boolean
}

/** `a=1&b=`: names of ordinary characters, so that prose with one `=` in it stays text. */
const FORM_FIELDS = /^[\w.-]+=[^&\s]*(?:&[\w.-]+=[^&\s]*)*$/

/**
 * Reads a response body: charset by byte order mark, then by `Content-Type`, else UTF-8; JSON losslessly.
 *
 * What counts as JSON (the specification leaves it open): a body whose type says so, and one without a type or with a
 * `text/*` type that starts with `{` or `[` and parses. Plain text `42` stays text. A body that claims to be JSON and
 * does not parse is text, with a note.
 */
export function decodeBody(
  response: Pick<IncomingResponse, 'headers' | 'body'>,
  options: DecodeOptions = {},
): DecodedBody {
  if (response.body.length === 0) return { value: null, text: '' }
  const { type, charset } = parseContentType(response.headers['content-type'] ?? '')
  const text = decodeText(response.body, charset)
  if (JSON_TYPE.test(type)) return decodeJson(text, type)
  const textual = type === '' || type.startsWith('text/')
  if ((textual || options.fieldsInText) && /^\s*[{[]/.test(text))
    return { ...decodeJson(text, type), note: undefined }
  if (type === FORM_TYPE) return { value: fieldsOf(text), text }
  if (textual && options.fieldsInText && FORM_FIELDS.test(text.trim()))
    return { value: fieldsOf(text.trim()), text }
  return { value: text, text }
}

function decodeJson(text: string, type: string): DecodedBody {
  if (text.trim() === '') return { value: null, text }
  try {
    return { value: parseJson(text), text }
  } catch {
    return { value: text, text, note: `the body is labelled ${type} and is not JSON; it is read as text` }
  }
}
