import { z } from 'zod'
import { branch, isRecord } from './branch.ts'
import { parameters } from './parameters.ts'
import { httpStep, MAX_STEPS } from './request.ts'
import { filledText, identifier, textLike } from './text.ts'

const parameterName = () =>
  textLike(/^[A-Za-z_$][A-Za-z0-9_$]*$/, 'a JavaScript identifier, because the code reads it by this name')

export const functionStep = z
  .strictObject({
    type: z.literal('function').describe('`function`: the step runs an App Function instead of a request.'),
    name: filledText().describe('Key of `functions`.'),
    args: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'One value per parameter; templates read form input and outputs of earlier steps, never credentials.',
      ),
  })
  .meta({
    id: 'FunctionStep',
    description: 'One call of an App Function.',
    examples: [{ type: 'function', name: 'findRows', args: { rows: '{{values}}', column: '{{column}}' } }],
  })

const known = z.object({ type: z.enum(['http', 'function']).describe('Kind of the step; default `http`.') })

export const step = branch(
  'a request such as `{ "url": "https://…", "method": "GET", "mapping": {} }` or a function step',
  [
    { is: (value) => isRecord(value) && value['type'] === 'function', schema: functionStep },
    {
      is: (value) => isRecord(value) && (value['type'] === undefined || value['type'] === 'http'),
      schema: httpStep,
    },
  ],
  { otherwise: known },
)

export const action = z
  .strictObject({
    name: identifier().describe('Name of the action, unique in the definition.'),
    title: filledText().describe('What users see.'),
    description: z.string().optional().describe('What the action does, in a sentence.'),
    renderStrategy: z.literal('auto').optional().describe('`auto`: the form is generated from `parameters`.'),
    parameters: parameters.optional().describe('JSON Schema of the form input.'),
    requests: z.array(step).min(1).max(MAX_STEPS).describe('The steps, run in order; at least one.'),
  })
  .meta({
    id: 'Action',
    description: 'Something a user, an automation or a panel can run.',
    examples: [
      {
        name: 'createTicket',
        title: 'Open a ticket',
        description: 'Opens a ticket in a queue.',
        parameters: {
          type: 'object',
          properties: { subject: { type: 'string', title: 'Subject' } },
          required: ['subject'],
        },
        requests: [
          {
            url: 'https://api.example.com/tickets',
            method: 'POST',
            headers: { 'X-Api-Key': '[[apiKey]]' },
            body: { subject: '{{subject}}' },
            mapping: { ticketId: '$.ticket.id' },
          },
        ],
      },
    ],
  })

export const appFunction = z
  .strictObject({
    params: z.array(parameterName()).describe('Names of the parameters, in order.'),
    code: filledText().describe(
      'Body of a JavaScript function with these parameters; it returns a plain JSON object.',
    ),
    returns: z
      .array(filledText())
      .optional()
      .describe('Names of the properties it returns, so that later placeholders can be checked.'),
    description: z.string().optional().describe('What the function does, for reviewers.'),
  })
  .meta({
    id: 'AppFunction',
    description: 'Code that runs in a sandbox, without network or credentials.',
    examples: [{ params: ['rows'], code: 'return { count: rows.length }', returns: ['count'] }],
  })
