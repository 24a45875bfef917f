import { isRecord } from '../schema/branch.ts'
import { pointerSegments, under } from '../schema/pointer.ts'
import { valueAt } from '../schema/walk.ts'
import type { Rule } from './rule.ts'

/** Words of the format that no provider is likely to share. */
const OUR_WORDS = new Set(['queryParams', 'bodyType', 'errorWhen', 'timeoutMs'])
/** Names by which an object is seen to be one of HTTP headers. */
const HEADER_NAMES = new Set(['authorization', 'content-type', 'accept', 'x-api-key', 'user-agent'])

/** Parts of a request inside its `body` would be sent to the provider as data (4.2). */
export const requestPartsStayOutsideTheBody: Rule = ({ survey, requests, report }) => {
  for (const { pointer } of requests) {
    const at = under(pointer, 'body')
    const body = valueAt(survey.document, pointerSegments(at))
    if (!isRecord(body)) continue
    for (const [name, value] of Object.entries(body)) {
      if (!OUR_WORDS.has(name) && !(name === 'headers' && areHeaders(value))) continue
      report(
        'misplaced-property',
        under(at, name),
        `\`${name}\` inside \`body\` is sent as data; it belongs beside \`body\`.`,
      )
    }
  }
}

function areHeaders(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).some((name) => HEADER_NAMES.has(name.toLowerCase()))
}
