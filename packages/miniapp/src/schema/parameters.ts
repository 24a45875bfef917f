import { z } from 'zod'
import { branch, isList, isRecord } from './branch.ts'
import { filledText } from './text.ts'

/**
 * `parameters` of an action: a JSON Schema (draft-07 and 2020-12 vocabularies) with four extensions. Its own keywords
 * are free; that it is a valid JSON Schema is checked by a rule.
 */
export interface ParameterSchema {
  type?: string | string[]
  title?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  format?: string
  properties?: Record<string, ParameterSchema | boolean>
  required?: string[]
  items?: ParameterSchema | boolean | (ParameterSchema | boolean)[]
  'x-source'?: string
  'x-fallback'?: 'input'
  'x-depends-on'?: string[]
  'x-path'?: 'segment'
  [keyword: string]: unknown
}

/** Extensions of 4.1 and 2.1, with which a parameter goes beyond JSON Schema. */
export const PARAMETER_EXTENSIONS = ['x-source', 'x-fallback', 'x-depends-on', 'x-path'] as const

const anyParameter = (): z.ZodType<ParameterSchema | boolean> => z.lazy(() => parameter)

const parameterShape = () => ({
  'x-source': filledText()
    .optional()
    .describe('Key of `source`: the options are loaded when the form opens.'),
  'x-fallback': z
    .literal('input')
    .optional()
    .describe('`input`: a text input takes the place of options that cannot be loaded.'),
  'x-depends-on': z
    .array(filledText())
    .optional()
    .describe('Parameters whose values are passed to the source; the options reload when they change.'),
  'x-path': z
    .literal('segment')
    .optional()
    .describe('`segment`: in the path of a URL, `/` inside the value is encoded too.'),
  properties: z.record(z.string(), anyParameter()).optional().describe('One schema per field of the form.'),
  required: z.array(z.string()).optional().describe('Fields that must be filled in.'),
  items: branch('a JSON Schema such as `{ "type": "string" }`', [
    { is: isList, schema: z.array(anyParameter()) },
    { is: () => true, schema: anyParameter() },
  ])
    .optional()
    .describe('Schema of the items of a list.'),
})

const parameter: z.ZodType<ParameterSchema | boolean> = branch(
  'a JSON Schema such as `{ "type": "string" }`',
  [
    { is: (value) => typeof value === 'boolean', schema: z.boolean() },
    {
      is: isRecord,
      schema: z.looseObject(parameterShape()).meta({
        id: 'Parameter',
        description: 'JSON Schema of one form field, with extensions.',
        examples: [{ type: 'string', title: 'Channel', 'x-source': 'rpc_channels', 'x-fallback': 'input' }],
      }) as unknown as z.ZodType<ParameterSchema>,
    },
  ],
).meta({
  id: 'ParameterSchema',
  description: 'A JSON Schema, or whether anything is allowed.',
  examples: [{ type: 'string', title: 'Subject' }, true],
})

export const parameters: z.ZodType<ParameterSchema> = z
  .looseObject({
    ...parameterShape(),
    type: z.literal('object').optional().describe('`object`: a form has named fields.'),
  })
  .meta({
    id: 'Parameters',
    description: 'JSON Schema of the form input of an action.',
    examples: [
      {
        type: 'object',
        properties: {
          queue: { type: 'string', title: 'Queue', 'x-source': 'rpc_queues', 'x-fallback': 'input' },
          subject: { type: 'string', title: 'Subject' },
        },
        required: ['queue', 'subject'],
      },
    ],
  }) as unknown as z.ZodType<ParameterSchema>
