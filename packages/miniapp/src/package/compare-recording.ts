import { listed } from '../rules/rule.ts'
import type { OutgoingRequest } from '../run/effects.ts'
import { under } from '../schema/pointer.ts'
import { type Difference, differencesOf, shownValue } from './difference.ts'
import type { Played } from './play-recording.ts'
import type { ExpectedEnd, ExpectedError, PlayableRecording, RecordedExchange } from './recording.ts'

/** Something that a definition does otherwise than the recording. */
export interface RecordingDifference {
  /** JSON Pointer into the recording. */
  pointer: string
  /** What the definition does, then what is recorded; no full stop. */
  message: string
}

/** Requests first, in order: what goes wrong there explains the rest. */
export function compareRecording(recording: PlayableRecording, played: Played): RecordingDifference[] {
  const { exchanges, expected } = recording
  const pairs = Math.max(exchanges.length, played.requests.length)
  const requests = Array.from({ length: pairs }, (_, index) =>
    compareExchange(exchanges[index], played.requests[index], index),
  )
  return [...requests.flat(), ...compareEnd(expected, played.end)]
}

function compareExchange(
  recorded: RecordedExchange | undefined,
  sent: OutgoingRequest | undefined,
  index: number,
): RecordingDifference[] {
  const pointer = `/exchanges/${index}/request`
  const name = `request ${index + 1}`
  if (!recorded) {
    return [
      {
        pointer: '/exchanges',
        message: `it sends a ${name}, \`${sent?.method} ${sent?.url}\`, which is not recorded`,
      },
    ]
  }
  const { request } = recorded
  if (!sent) {
    return [{ pointer, message: `it does not send ${name}, \`${request.method} ${request.url}\`` }]
  }
  return [
    ...unlike(`${pointer}/method`, `${name} is sent with`, request.method, sent.method),
    ...unlike(`${pointer}/url`, `${name} goes to`, request.url, sent.url),
    ...compareHeaders(request.headers, sent.headers, { pointer: `${pointer}/headers`, name }),
    ...differencesOf(request.body, bodyOf(sent), `${pointer}/body`).map((one) =>
      saying(`the body of ${name}`, one, `${pointer}/body`),
    ),
  ]
}

function unlike(pointer: string, says: string, expected: string, actual: string): RecordingDifference[] {
  return expected === actual ? [] : [{ pointer, message: `${says} \`${actual}\`, recorded \`${expected}\`` }]
}

function compareHeaders(
  recorded: RecordedExchange['request']['headers'],
  sent: Record<string, string>,
  { pointer, name }: { pointer: string; name: string },
): RecordingDifference[] {
  const names = Array.isArray(recorded) ? recorded : Object.keys(recorded)
  const missing = names.filter((one) => !Object.hasOwn(sent, one))
  const added = Object.keys(sent).filter((one) => !names.includes(one))
  const values = Array.isArray(recorded)
    ? []
    : differencesOf(recorded, sent, pointer).filter(
        ({ expected, actual }) => expected !== undefined && actual !== undefined,
      )
  return [
    ...(missing.length > 0 ? [{ pointer, message: `${name} lacks the header ${listed(missing)}` }] : []),
    ...(added.length > 0
      ? [{ pointer, message: `${name} has the header ${listed(added)}, which is not recorded` }]
      : []),
    ...values.map((one) => saying(`the headers of ${name}`, one, pointer)),
  ]
}

/** A JSON body as a value, any other as its text. */
function bodyOf({ headers, body }: OutgoingRequest): unknown {
  if (body === undefined) return undefined
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  if (!/json/i.test(type)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function compareEnd(expected: ExpectedEnd, end: Played['end']): RecordingDifference[] {
  const pointer = '/expected'
  if (expected.error) {
    if (!('error' in end)) {
      return [
        { pointer: `${pointer}/error`, message: `it succeeds, recorded is the error ${expected.error.code}` },
      ]
    }
    return compareErrors(expected.error, end.error)
  }
  if ('error' in end) {
    const { code, message, fields } = end.error
    const places = fields && fields.length > 0 ? ` (${fields.join(', ')})` : ''
    return [{ pointer, message: `it fails with ${code}${places}: ${message.replace(/\.$/, '')}` }]
  }
  const kind = expected.options ? 'options' : 'data'
  const actual = 'options' in end ? end.options : end.data
  const says = kind === 'options' ? 'the options' : 'the result'
  return differencesOf(expected[kind], actual, under(pointer, kind)).map((one) =>
    saying(says, one, under(pointer, kind)),
  )
}

/** Of the error, only what the recording speaks of. */
function compareErrors(expected: ExpectedError, actual: ExpectedError): RecordingDifference[] {
  const spokenOf = Object.fromEntries(
    (Object.keys(expected) as (keyof ExpectedError)[]).map((name) => [name, actual[name]]),
  )
  const pointer = '/expected/error'
  const wanted = { ...expected, ...(expected.fields && { fields: [...expected.fields].sort() }) }
  return differencesOf(wanted, spokenOf, pointer).map((one) => saying('the error', one, pointer))
}

function saying(what: string, { pointer, expected, actual }: Difference, root: string): RecordingDifference {
  const place = pointer === root ? '' : ` at \`${pointer.slice(root.length)}\``
  return { pointer, message: `${what}${place} is ${shownValue(actual)}, recorded ${shownValue(expected)}` }
}
