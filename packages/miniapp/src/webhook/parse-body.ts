import { parseJson } from '../expression/json.ts'
import { isObject, readOwn } from '../expression/own.ts'
import { decodeText, FORM_TYPE, fieldsOf, JSON_TYPE, parseContentType } from '../request/decode-text.ts'
import { isTooDeep, MAX_BODY_DEPTH } from './body-depth.ts'
import { readXml } from './parse-xml.ts'
import { compileHeader, type Headers } from './read-header.ts'

export type ParsedBody =
  | {
      ok: true
      /** What `$` is: parsed JSON, XML or form fields, the text of anything else, `null` where there is nothing. */
      body: unknown
      /** Set where the body is not what its `Content-Type` says. */
      note?: string
    }
  /** The delivery is answered with 400. */
  | { ok: false; reason: string }

const TOO_DEEP: ParsedBody = {
  ok: false,
  reason: `The body is nested more than ${MAX_BODY_DEPTH} levels deep.`,
}

const XML_TYPE = /^(?:application|text)\/(?:[\w.+-]+\+)?xml$/
const XML_ENCODING = /^<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']/
/** Bytes in which an XML declaration ends. */
const XML_DECLARATION_BYTES = 200

const readContentType = compileHeader('content-type')
const LATIN1 = new TextDecoder('latin1')

/**
 * Reads the body of a delivery for paths (specification 5.1). What is verified are the raw bytes, never this.
 *
 * JSON counts by its type, and in a body without type or with a `text/*` one by its first character; a body that claims
 * to be JSON or XML and is not stays text. Never throws.
 */
export function parseBody({ headers, rawBody }: { headers: Headers; rawBody: Uint8Array }): ParsedBody {
  if (rawBody.length === 0) return { ok: true, body: null }
  const { type, charset } = parseContentType(readContentType(headers) ?? '')
  if (JSON_TYPE.test(type)) return parseJsonText(decodeText(rawBody, charset), type)
  if (type === FORM_TYPE) return parseForm(decodeText(rawBody, charset))
  if (XML_TYPE.test(type)) return parseXmlText(decodeText(rawBody, charset || xmlEncoding(rawBody)), type)
  const text = decodeText(rawBody, charset)
  if (type !== '' && !type.startsWith('text/')) return { ok: true, body: text }
  if (/^\s*[{[]/.test(text)) return parseJsonText(text, undefined)
  return text.startsWith('<?xml') ? parseXmlText(text, undefined) : { ok: true, body: text }
}

/** @param type is given where the body claims to be JSON */
function parseJsonText(text: string, type: string | undefined): ParsedBody {
  if (isTooDeep(text)) return TOO_DEEP
  try {
    return { ok: true, body: parseJson(text) }
  } catch {
    if (text.trim() === '') return { ok: true, body: null }
    return asText(text, type, 'it is no JSON')
  }
}

function parseXmlText(text: string, type: string | undefined): ParsedBody {
  const outcome = readXml(text)
  if (outcome.kind === 'too-deep') return TOO_DEEP
  return outcome.kind === 'parsed' ? { ok: true, body: outcome.value } : asText(text, type, outcome.reason)
}

function asText(text: string, type: string | undefined, reason: string): ParsedBody {
  return {
    ok: true,
    body: text,
    ...(type !== undefined && { note: `The body is labelled ${type}, and ${reason}; it is read as text.` }),
  }
}

/** GitHub and Slack put JSON into a form whose one field is `payload`: that JSON is then the body. */
function parseForm(text: string): ParsedBody {
  const fields = fieldsOf(text)
  const payload = readOwn(fields, 'payload')
  if (typeof payload !== 'string' || Object.keys(fields).length !== 1) return { ok: true, body: fields }
  const parsed = parseJsonText(payload, undefined)
  if (!parsed.ok) return parsed
  return { ok: true, body: isObject(parsed.body) || Array.isArray(parsed.body) ? parsed.body : fields }
}

/** RFC 7303: a charset of the `Content-Type` wins over this. */
function xmlEncoding(rawBody: Uint8Array): string {
  const start = LATIN1.decode(rawBody.subarray(0, XML_DECLARATION_BYTES))
  return XML_ENCODING.exec(start)?.[1]?.toLowerCase() ?? ''
}
