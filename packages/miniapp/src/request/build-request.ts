import type { CompiledHttpStep } from '../compile-step.ts'
import { MiniAppError } from '../errors.ts'
import { encodeForm } from '../expression/form.ts'
import { isObject, typeName } from '../expression/own.ts'
import { encodeQuery } from '../expression/query.ts'
import type { Scopes } from '../expression/scope.ts'
import type { OutgoingRequest, RedactedRequest } from '../run/effects.ts'
import { writeMultipart } from './multipart.ts'
import { type Redactor, redactHeaders, redactStart } from './redact.ts'
import { appendQuery, hideParameters } from './url-query.ts'

/** Characters of a body that a record keeps: the first 4 KiB (specification 4.4). */
export const RECORDED_BODY_CHARACTERS = 4_096

export interface BuildOptions {
  /** `http:` is accepted in URLs that a stored value chose (private networks are allowed). */
  allowHttp?: boolean
  /** App config is visible to the request's templates, so form input must not choose its host (2.1). */
  isAuthRequest?: boolean
  /** A multipart boundary of up to 70 letters, digits and hyphens; called for `formData` only. */
  boundary: () => string
  /** Changes the rendered request before it is sent and recorded: the page of a list that is asked for. */
  adjust?: (request: OutgoingRequest) => OutgoingRequest
}

export interface BuiltRequest {
  /** What is sent. Holds secrets. */
  request: OutgoingRequest
  /** What may be stored, made when it is asked for. */
  redacted(redact: Redactor): RedactedRequest
}

interface BuiltBody {
  content: string | Uint8Array
  contentType: string
  /** The body for the record, where it is not `content` itself. */
  preview?: string
  /** The type belongs to the body (a boundary) and replaces one that the definition names. */
  decidesType?: boolean
}

/**
 * Renders a step into a request (specification 2.1, 4.2).
 *
 * @throws MiniAppError `NOT_CONFIGURED` where a `[[key]]` has no value, `VALIDATION_ERROR` where a value is missing
 *   from the URL or refused in its place
 */
export function buildRequest(step: CompiledHttpStep, scopes: Scopes, options: BuildOptions): BuiltRequest {
  const hostFromForm = !step.carriesCredential && options.isAuthRequest !== true
  const base = step.url.render(scopes, { hostFromForm, allowHttp: options.allowHttp ?? false })
  const url = appendQuery(base, encodeQuery(step.query.render(scopes)))
  const headers = step.headers.render(scopes)
  const body = renderBody(step, scopes, options)
  if (body) setContentType(headers, body, step.ownContentType)
  const rendered: OutgoingRequest = {
    method: step.method,
    url,
    headers,
    credentialHeaders: step.credentialHeaders,
    credentialQuery: step.credentialQuery,
  }
  if (body) rendered.body = body.content
  const request = options.adjust ? options.adjust(rendered) : rendered
  return {
    request,
    redacted: (redact) => redactRequest(request, redact, body?.preview),
  }
}

/** The request as a record shows it: headers with credentials hidden whole, every secret replaced, the body cut. */
function redactRequest(
  request: OutgoingRequest,
  redact: Redactor,
  preview: string | undefined,
): RedactedRequest {
  const shown: RedactedRequest = {
    redacted: true,
    method: request.method,
    url: redact(hideParameters(request.url, request.credentialQuery)),
    headers: redactHeaders(request.headers, redact, request.credentialHeaders),
  }
  const body = preview ?? request.body
  if (typeof body === 'string') shown.body = redactStart(body, redact, RECORDED_BODY_CHARACTERS)
  return shown
}

function setContentType(headers: Record<string, string>, body: BuiltBody, ownContentType: boolean): void {
  if (body.decidesType) {
    for (const name of Object.keys(headers)) if (name.toLowerCase() === 'content-type') delete headers[name]
  } else if (ownContentType && Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) {
    return
  }
  headers['Content-Type'] = body.contentType
}

type WriteBody = (value: unknown, step: CompiledHttpStep, options: BuildOptions) => BuiltBody | undefined

const WRITE_BODY = {
  json: (value) => ({ content: JSON.stringify(value), contentType: 'application/json' }),
  'x-www-form-urlencoded': (value, step) => {
    if (value === null) return undefined
    if (!isObject(value)) throw wrongBody(step, value)
    return { content: encodeForm(value), contentType: 'application/x-www-form-urlencoded' }
  },
  formData: (value, step, options) => {
    if (value === null) return undefined
    if (!isObject(value)) throw wrongBody(step, value)
    const { bytes, contentType, preview } = writeMultipart(value, options.boundary(), `${step.pointer}/body`)
    return { content: bytes, contentType, preview, decidesType: true }
  },
  raw: (value) => {
    if (value === null) return undefined
    const content = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return { content, contentType: 'text/plain; charset=utf-8' }
  },
} satisfies Record<NonNullable<CompiledHttpStep['body']>['type'], WriteBody>

function renderBody(step: CompiledHttpStep, scopes: Scopes, options: BuildOptions): BuiltBody | undefined {
  if (!step.body) return undefined
  const value = step.body.template.render(scopes)
  // A body that is one placeholder without a value is left out, as a property would be.
  if (value === undefined) return undefined
  return (WRITE_BODY[step.body.type] as WriteBody)(value, step, options)
}

function wrongBody(step: CompiledHttpStep, value: unknown): MiniAppError {
  const message = `The body is sent as ${step.body?.type} and must be an object; it is ${typeName(value)}.`
  return new MiniAppError('VALIDATION_ERROR', message, { path: `${step.pointer}/body` })
}
