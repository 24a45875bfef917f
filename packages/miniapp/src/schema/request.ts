import { z } from 'zod'
import { responseMapping } from './mapping.ts'
import { filledText, headerName, identifier, pathText, requestUrl } from './text.ts'

/** Milliseconds. Longer would outlive what waits for it: an automation step is the most patient caller (4.2). */
export const MAX_TIMEOUT_MS = 120_000
/** An action has 60 s in all, so more attempts than these only hammer the provider. */
const MAX_ATTEMPTS = 10
/** Steps of one action, requests of one list: all share the action's 60 s. */
export const MAX_STEPS = 100
/** Items of one `forEach`: the action's deadline of 60 s leaves time for no more. */
const MAX_FOR_EACH_ITEMS = 1_000
/** Requests of one `forEach` in flight: more would look like an attack to the provider. */
const MAX_FOR_EACH_CONCURRENCY = 20

const OPERATORS = ['equals', 'notEquals', 'exists', 'in'] as const

const operatorShape = {
  equals: z
    .unknown()
    .optional()
    .describe('Holds where the value equals this one; a missing value equals nothing.'),
  notEquals: z.unknown().optional().describe('Holds where the value does not equal this one.'),
  exists: z
    .boolean()
    .optional()
    .describe('`true`: holds where there is a value; `false`: where there is none.'),
  in: z.array(z.unknown()).min(1).optional().describe('Holds where the value is one of these.'),
}

export const errorWhen = z
  .strictObject({
    path: pathText().describe('Path into the response body, such as `$.ok`.'),
    ...operatorShape,
    message: pathText().optional().describe("Path of the provider's own error text, such as `$.error`."),
  })
  .superRefine(exactlyOneOperator)
  .meta({
    id: 'ErrorWhen',
    description: 'When a good status means failure.',
    examples: [{ path: '$.ok', equals: false, message: '$.error' }],
  })

export const expiredWhen = z
  .strictObject({
    status: z.int().min(200).max(599).describe('Status of the answer, such as 403 or 200.'),
    path: pathText().optional().describe('Path into the response body, such as `$.error.code`.'),
    ...operatorShape,
  })
  .superRefine((rule, context) => {
    if (rule.path !== undefined) exactlyOneOperator(rule, context)
    else {
      for (const name of OPERATORS.filter((operator) => rule[operator] !== undefined)) {
        const message = 'left out where there is no `path`'
        context.addIssue({
          code: 'custom',
          path: [name],
          message,
          params: { finding: 'conflicting-properties' },
        })
      }
    }
  })
  .meta({
    id: 'ExpiredWhen',
    description: 'An answer that means that the access token has expired, although its status is not 401.',
    examples: [{ status: 403, path: '$.error.code', equals: 'token_expired' }],
  })

const when = z
  .strictObject({
    path: pathText().optional().describe('Path into the context of the step, such as `$.row.id`.'),
    key: filledText().optional().describe('Key of the context, read as `{{key}}` would be.'),
    ...operatorShape,
  })
  .superRefine((condition, context) => {
    exactlyOneOperator(condition, context)
    if ((condition.path === undefined) === (condition.key === undefined)) {
      const finding = condition.path === undefined ? 'missing-property' : 'conflicting-properties'
      const message = condition.path === undefined ? 'given, or `key`' : 'left out where `key` is given'
      context.addIssue({ code: 'custom', path: ['path'], message, params: { finding } })
    }
  })
  .meta({ id: 'When', description: 'When the step runs.', examples: [{ key: 'notify', equals: true }] })

const forEach = z.strictObject({
  items: filledText().describe('The list, such as `{{recipients}}`.'),
  as: identifier().describe(
    'Name of the current item in the templates of this step; it ranks before form input.',
  ),
  limit: z.int().min(1).max(MAX_FOR_EACH_ITEMS).optional().describe('Most items that are sent; default 100.'),
  concurrency: z
    .int()
    .min(1)
    .max(MAX_FOR_EACH_CONCURRENCY)
    .optional()
    .describe('Requests in flight at once; default 5.'),
})

const retry = z.strictObject({
  attempts: z
    .int()
    .min(1)
    .max(MAX_ATTEMPTS)
    .optional()
    .describe('Attempts in all, the first one included; default 3.'),
  on: z
    .array(z.int().min(400).max(599))
    .optional()
    .describe(
      'HTTP statuses after which the request is repeated; default 429 and 503, for GET and HEAD also 502 and 504.',
    ),
})

export const headers = () => z.record(headerName(), z.string())
export const queryParams = () => z.record(z.string(), z.unknown())
export const bodyType = z.enum(['json', 'x-www-form-urlencoded', 'formData', 'raw'])

const requestShape = {
  type: z.literal('http').optional().describe('`http`, which is also the default.'),
  url: requestUrl().describe('Full URL, with placeholders; where a value lands decides how it is encoded.'),
  method: z
    .enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'])
    .describe('HTTP method, in capital letters.'),
  headers: headers().optional().describe('Request headers; `Basic user:password` is encoded for you.'),
  queryParams: queryParams()
    .optional()
    .describe('Query parameters; a list repeats the name, a value that does not resolve is left out.'),
  bodyType: bodyType.optional().describe('How `body` is sent; default `json`.'),
  body: z
    .unknown()
    .optional()
    .describe('Request body with placeholders at any depth; `null` sends the literal null as JSON.'),
  errorWhen: errorWhen.optional().describe('When an answer with a good status means failure.'),
  retry: retry.optional().describe('When the request is repeated.'),
  timeoutMs: z
    .int()
    .min(1)
    .max(MAX_TIMEOUT_MS)
    .optional()
    .describe('Milliseconds until the request is given up; default 30000.'),
  when: when.optional().describe('The step is skipped where this does not hold.'),
  forEach: forEach.optional().describe('Sends the request once for each item of a list.'),
}

const mappingDescription = 'What is read from the response: outputs by name, or a list for later steps only.'

export const httpStep = z
  .strictObject({ ...requestShape, mapping: responseMapping.describe(mappingDescription) })
  .superRefine(checkRequest)
  .meta({
    id: 'HttpStep',
    description: 'One HTTP request of an action.',
    examples: [
      { url: 'https://api.example.com/orders/{{orderId}}', method: 'GET', mapping: { status: '$.status' } },
    ],
  })

/** Shape of an HTTP step; `mapping` may be left out where nothing is read from the answer. */
export const authRequest = z
  .strictObject({ ...requestShape, mapping: responseMapping.optional().describe(mappingDescription) })
  .superRefine(checkRequest)
  .meta({
    id: 'AuthRequest',
    description: 'One HTTP request made while connecting or disconnecting.',
    examples: [
      {
        url: 'https://api.example.com/webhooks',
        method: 'POST',
        headers: { Authorization: 'Bearer [[accessToken]]' },
        body: { address: '{{webhookUrl}}', secret: '{{webhookSecret}}' },
        mapping: { webhookId: '$.id' },
      },
    ],
  })

/** An auth request whose mapping is what it is made for. */
export const mappedAuthRequest = z
  .strictObject({ ...requestShape, mapping: responseMapping.describe(mappingDescription) })
  .superRefine(checkRequest)
  .meta({
    id: 'MappedAuthRequest',
    description: 'One HTTP request made while connecting, for what its mapping yields.',
    examples: [
      {
        url: 'https://api.example.com/me',
        method: 'GET',
        headers: { Authorization: 'Bearer [[accessToken]]' },
        mapping: { uid: '$.account.id', name: '$.account.name' },
      },
    ],
  })

interface Condition {
  equals?: unknown
  notEquals?: unknown
  exists?: unknown
  in?: unknown
}

function exactlyOneOperator(condition: Condition, context: z.RefinementCtx): void {
  const given = OPERATORS.filter((name) => condition[name] !== undefined)
  if (given.length === 1) return
  const message =
    given.length === 0
      ? 'completed by exactly one of `equals`, `notEquals`, `exists` and `in`'
      : `reduced to one operator: it has ${given.map((name) => `\`${name}\``).join(' and ')}`
  context.addIssue({ code: 'custom', message, params: { finding: 'operator-count' } })
}

function checkRequest(request: { bodyType?: string; body?: unknown }, context: z.RefinementCtx): void {
  if (request.bodyType === 'raw' && request.body !== undefined && typeof request.body !== 'string') {
    context.addIssue({
      code: 'custom',
      path: ['body'],
      message: 'a string, because `bodyType` is `raw`',
      params: { finding: 'wrong-type' },
    })
  }
}
