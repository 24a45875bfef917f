import { z } from 'zod'
import { branch, isRecord } from './branch.ts'
import { fieldRules } from './mapping.ts'
import { pagination } from './pagination.ts'
import { bodyType, headers, queryParams } from './request.ts'
import { filledText, pathText, requestUrl } from './text.ts'

/** Records written in one commit: more would hold locks for longer than a page takes. */
const MAX_BATCH_SIZE = 5_000
/** Requests per second of one install: no provider allows more to one account. */
const MAX_REQUESTS_PER_SECOND = 1_000
/** Milliseconds: bulk endpoints are slow, but not slower than this. */
const MAX_SYNC_TIMEOUT_MS = 300_000

const endpointShape = {
  url: requestUrl().describe('Absolute URL, or the part after `baseUrl`.'),
  method: z
    .enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'])
    .describe('HTTP method, in capital letters.'),
  headers: headers().optional().describe('Further headers of this endpoint.'),
  queryParams: queryParams().optional().describe('Query parameters.'),
  bodyType: bodyType.optional().describe('How `body` is sent; default `json`.'),
  body: z.unknown().optional().describe('Request body with placeholders at any depth.'),
}
const endpoint = z.strictObject(endpointShape)

const resource = z
  .strictObject({
    name: filledText().optional().describe('Name of the resource.'),
    displayName: z.string().optional().describe('What users see.'),
    description: z.string().optional().describe('What is imported.'),
    icon: z.string().optional().describe('Name of a Lucide icon.'),
    contentType: filledText().describe(
      'What the records are: `core:customer`, `core:product`, `core:category`, `ecommerce:orders`, `ecommerce:abandonedCarts`, or a type of your own.',
    ),
    endpoints: z
      .strictObject({
        list: endpoint.describe('The request that lists the items.'),
        details: endpoint
          .optional()
          .describe('The request for one item; `{field}` is read from the list item.'),
      })
      .describe('The requests of the resource.'),
    expandDetails: z
      .boolean()
      .optional()
      .describe('Whether each item is replaced by its details; default `false`.'),
    pagination: pagination.optional().describe('How further pages are read.'),
    responseMapping: z
      .strictObject({
        dataProperty: z.string().optional().describe('Path of the list in the answer; absent for the root.'),
        totalProperty: pathText().optional().describe('Path of the number of items in all.'),
        detailsProperty: pathText().optional().describe('Path of the item in the answer of `details`.'),
      })
      .optional()
      .describe('Where the items are in the answer.'),
    apiMapping: fieldRules().describe('One rule per field of the record, relative to the item.'),
    incremental: z
      .strictObject({
        queryParam: filledText().describe('Query parameter that carries the time of the last good run.'),
        format: z
          .enum(['iso', 'epoch', 'date'])
          .optional()
          .describe('How the time is written; default `iso`.'),
        field: pathText().optional().describe('Path of the time of change in an item.'),
      })
      .optional()
      .describe('Asks only for what changed since the last good run.'),
    deletions: z
      .enum(['keep', 'archive'])
      .optional()
      .describe('What becomes of records that a full run no longer sees; default `keep`.'),
    enabled: z.boolean().optional().describe('Whether the resource is imported; default `true`.'),
  })
  .meta({
    id: 'SyncResource',
    description: 'One kind of record that is imported.',
    examples: [
      {
        contentType: 'core:customer',
        endpoints: { list: { url: '/customers', method: 'GET' } },
        pagination: { paramName: 'per_page', defaultLimit: 100 },
        responseMapping: { dataProperty: 'customers', totalProperty: 'meta.total' },
        apiMapping: { code: { path: 'id', transform: 'toString' }, primaryEmail: 'email' },
      },
    ],
  })

const operation = z.enum(['create', 'update', 'upsert', 'delete'])

const recordHandler = z.strictObject({
  recordType: z.enum(['order', 'abandonedCart', 'customer', 'product']).describe('What the event is about.'),
  operation: operation.describe('What is done to the record.'),
  mapping: fieldRules()
    .refine((mapping) => mapping['code'] !== undefined, {
      path: ['code'],
      error: 'given: the stable id of the record at the provider',
      params: { finding: 'missing-property' },
    })
    .describe('One rule per field of the record, from the root of the payload; `code` is needed.'),
})
const resourceHandler = z.strictObject({
  resource: filledText().describe('Key of `resources`, whose `apiMapping` is used.'),
  operation: operation.describe('What is done to the record.'),
  dataPath: pathText().optional().describe('Path of the object in the payload; absent for the root.'),
})

/** The two dialects of 6.5: a mapping of its own, or the one of a resource. */
const handler = branch('an object with `recordType` and `mapping`, or with `resource`', [
  {
    is: (value) => isRecord(value) && (value['resource'] !== undefined || value['dataPath'] !== undefined),
    schema: resourceHandler,
  },
  { is: isRecord, schema: recordHandler },
])

const schedule = branch('`{ "every": "6h" }` or `{ "cron": "0 3 * * *", "timezone": "Asia/Riyadh" }`', [
  {
    is: (value) => isRecord(value) && value['cron'] !== undefined,
    schema: z.strictObject({
      cron: filledText().describe('Cron expression of five fields.'),
      timezone: filledText().optional().describe('IANA time zone of the expression; default UTC.'),
    }),
  },
  {
    is: isRecord,
    schema: z.strictObject({
      every: z
        .string()
        .regex(/^[1-9]\d*[mhd]$/, { error: 'a number of minutes, hours or days, such as `6h`' })
        .describe('Time between two runs, such as `6h`.'),
    }),
  },
])

export const sync = z
  .strictObject({
    baseUrl: requestUrl().optional().describe('Prefix of relative endpoint URLs.'),
    headers: headers().optional().describe('Headers of every sync request.'),
    syncConfiguration: z
      .strictObject({
        enabled: z.boolean().optional().describe('Whether import is offered; default `true`.'),
        batchSize: z
          .int()
          .min(1)
          .max(MAX_BATCH_SIZE)
          .optional()
          .describe('Records written in one commit; default 200.'),
        rateLimitPerSecond: z
          .number()
          .positive()
          .max(MAX_REQUESTS_PER_SECOND)
          .optional()
          .describe('Requests per second of one install; default 10.'),
        timeout: z
          .int()
          .min(1)
          .max(MAX_SYNC_TIMEOUT_MS)
          .optional()
          .describe('Milliseconds until a request is given up; default 30000.'),
        schedule: schedule.optional().describe('When runs start by themselves.'),
      })
      .optional()
      .describe('How import runs.'),
    resources: z.record(z.string(), resource).optional().describe('What is imported, by key.'),
    webhooks: z
      .strictObject({
        handlers: z
          .record(z.string(), handler)
          .optional()
          .describe('What an event does to records, by event.'),
      })
      .optional()
      .describe('How events keep records up to date.'),
  })
  .meta({
    id: 'Sync',
    description: 'Bulk import and realtime records.',
    examples: [
      {
        baseUrl: 'https://api.example.com/v2',
        headers: { Authorization: 'Bearer [[accessToken]]' },
        resources: {
          customers: {
            contentType: 'core:customer',
            endpoints: { list: { url: '/customers', method: 'GET' } },
            apiMapping: { code: { path: 'id', transform: 'toString' }, primaryEmail: 'email' },
          },
        },
        webhooks: {
          handlers: {
            'customer.created': { resource: 'customers', operation: 'upsert', dataPath: '$.customer' },
          },
        },
      },
    ],
  })
