import { z } from 'zod'
import { pagination } from './pagination.ts'
import { bodyType, errorWhen, headers, MAX_TIMEOUT_MS, queryParams } from './request.ts'
import { filledText, pathText, requestUrl, textLike } from './text.ts'

export const source = z
  .strictObject({
    url: requestUrl().describe('Full URL, with placeholders.'),
    method: z.enum(['GET', 'POST']).describe('HTTP method: `GET` or `POST`.'),
    headers: headers().optional().describe('Request headers.'),
    queryParams: queryParams().optional().describe('Query parameters.'),
    bodyType: bodyType.optional().describe('How `body` is sent; default `json`.'),
    body: z.unknown().optional().describe('Request body with placeholders at any depth.'),
    errorWhen: errorWhen.optional().describe('When an answer with a good status means failure.'),
    timeoutMs: z
      .int()
      .min(1)
      .max(MAX_TIMEOUT_MS)
      .optional()
      .describe('Milliseconds until the request is given up; default 30000.'),
    dataPath: z
      .string()
      .optional()
      .describe('Path of the list in the answer; absent, empty or `$` for the whole answer.'),
    valueField: pathText().describe('Path of the value, relative to the item.'),
    labelField: pathText().describe('Path of the label, relative to the item.'),
    valueFields: z
      .record(z.string(), pathText())
      .optional()
      .describe('Another `valueField` for each `sourceRef` that asks for this source.'),
    searchParam: filledText().optional().describe('Query parameter that carries what the user types.'),
    pagination: pagination.optional().describe('How further pages are read.'),
  })
  .meta({
    id: 'Source',
    description: 'The options of a dropdown, read from the provider.',
    examples: [
      {
        url: 'https://api.example.com/channels',
        method: 'GET',
        dataPath: 'channels',
        valueField: 'id',
        labelField: 'name',
      },
    ],
  })

export const sourceKey = () => textLike(/^rpc_\S+$/, 'named with the prefix `rpc_`, such as `rpc_channels`')
