import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

type BodyType = 'json' | 'x-www-form-urlencoded' | 'formData'

/** Which `bodyType` writes what a `Content-Type` announces. */
const ANNOUNCED: readonly { mediaType: RegExp; bodyType: BodyType }[] = [
  { mediaType: /^application\/x-www-form-urlencoded$/, bodyType: 'x-www-form-urlencoded' },
  { mediaType: /^multipart\/form-data$/, bodyType: 'formData' },
  { mediaType: /^application\/(?:[\w.-]+\+)?json$/, bodyType: 'json' },
]

/** A body is written in the way that its `Content-Type` announces (4.2); forms are made of an object. */
export const encodingsMatch: Rule = ({ requests, report }) => {
  for (const { pointer, view } of requests) {
    if (view?.body === undefined || view.body === null || view.method === 'GET' || view.method === 'HEAD')
      continue
    const { bodyType = 'json', body } = view
    if (bodyType === 'raw') continue
    if (bodyType !== 'json' && (Array.isArray(body) || isLiteral(body))) {
      report(
        'body-without-names',
        under(pointer, 'body'),
        `With \`bodyType\` \`${bodyType}\` the body is an object with a name for each value; write \`{ "name": "value" }\`, or \`"bodyType": "raw"\` for a text of your own.`,
      )
    }
    const [header, contentType] =
      Object.entries(view.headers ?? {}).find(([name]) => name.toLowerCase() === 'content-type') ?? []
    if (header === undefined || contentType === undefined) continue
    const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
    const announced = ANNOUNCED.find((one) => one.mediaType.test(mediaType))?.bodyType
    if (announced === undefined || announced === bodyType) continue
    report(
      'content-type-mismatch',
      under(pointer, 'headers', header),
      `The body is sent as \`${bodyType}\`, and the header says \`${mediaType}\`; write \`"bodyType": "${announced}"\`, or leave the header out: it is set for you.`,
    )
  }
}

/** A text without placeholder, a number or a boolean. */
function isLiteral(body: unknown): boolean {
  return typeof body === 'string' ? !/\{\{|\[\[/.test(body) : typeof body !== 'object'
}
