import { under } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import type { Rule } from './rule.ts'

/** GET and HEAD never carry a body (4.2), nor a cursor in one (6.3). */
export const bodiesAreSent: Rule = ({ survey, requests, report }) => {
  for (const { pointer, view } of requests) {
    if (view?.method !== 'GET' && view?.method !== 'HEAD') continue
    if (holdsSomething(view.body)) {
      report(
        'body-never-sent',
        under(pointer, 'body'),
        `A ${view.method} request carries no body; move these values to \`queryParams\`, or use \`POST\`.`,
      )
    }
    const pagination = 'pagination' in view ? view.pagination : undefined
    if (childValue(pagination, 'in') === 'body') reportCursor(under(pointer, 'pagination', 'in'))
  }
  const { pointer, value: sync } = survey.sync
  for (const [key, { pagination, endpoints }] of Object.entries(sync?.resources ?? {})) {
    const isRead = endpoints.list.method === 'GET' || endpoints.list.method === 'HEAD'
    if (isRead && childValue(pagination, 'in') === 'body')
      reportCursor(under(pointer, 'resources', key, 'pagination', 'in'))
  }

  function reportCursor(at: string): void {
    report(
      'body-never-sent',
      at,
      'A GET request carries no body, so the cursor would never be sent; write `"in": "query"`, or use `POST`.',
    )
  }
}

/** `{}`, `""` and `null` say "no body" in their own way. */
function holdsSomething(body: unknown): boolean {
  if (typeof body === 'object' && body !== null) return Object.keys(body).length > 0
  return body !== undefined && body !== null && body !== ''
}
