import { z } from 'zod'
import { branch, isRecord, isText } from './branch.ts'
import { authRequest, expiredWhen, MAX_STEPS, mappedAuthRequest } from './request.ts'
import { filledText, requestUrl } from './text.ts'

const option = branch('a text or `{ "value": …, "label": … }`', [
  { is: isText, schema: z.string() },
  {
    is: isRecord,
    schema: z.strictObject({
      value: z.string().describe('What is stored.'),
      label: filledText().describe('What the user sees.'),
    }),
  },
])

/** More ways of saying the same would be a mistake; each answer is held against all of them. */
const MAX_EXPIRY_RULES = 10

export const formField = z
  .strictObject({
    type: z
      .enum(['text', 'password', 'url', 'number', 'select', 'checkbox'])
      .optional()
      .describe('Kind of input; default `text`. What a `password` field holds never leaves the server.'),
    label: z.string().optional().describe("What the user sees; default the words of the field's name."),
    placeholder: z.string().optional().describe('Shown while the field is empty.'),
    required: z.boolean().optional().describe('Whether the field must be filled in; default `false`.'),
    help: z.string().optional().describe('Where the user finds the value.'),
    options: z.array(option).min(1).optional().describe('The choices of a `select`.'),
    pattern: z.string().optional().describe('Regular expression (RE2) that the whole value must match.'),
    default: z.unknown().optional().describe('Value that the form starts with.'),
  })
  .superRefine((field, context) => {
    if (field.type === 'select' && field.options === undefined) {
      const message = 'given, because `type` is `select`'
      context.addIssue({
        code: 'custom',
        path: ['options'],
        message,
        params: { finding: 'missing-property' },
      })
    }
  })
  .meta({
    id: 'FormField',
    description: 'One field of the connect form.',
    examples: [{ type: 'password', label: 'API key', required: true }],
  })

export const auth = z
  .strictObject({
    type: z
      .enum(['bearer_token', 'apikey', 'oauth2', 'none'])
      .describe(
        'How a workspace connects: a form (`bearer_token`, `apikey`), a popup (`oauth2`), or nothing (`none`).',
      ),
    sensitiveKeys: z.array(filledText()).optional().describe('Names of values that never leave the server.'),
    config: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Default values by name; an empty text means that the workspace provides it.'),
    form: z
      .record(z.string(), formField)
      .optional()
      .describe('Fields of the connect form; by default derived from the empty keys of `config`.'),
    test_token: authRequest.optional().describe('Request run before anything is stored; it must succeed.'),
    get_token: mappedAuthRequest
      .optional()
      .describe('Exchanges or validates what was submitted; its mapping becomes credentials.'),
    refresh_token: mappedAuthRequest.optional().describe('Renews the credentials.'),
    auto_refresh: z
      .boolean()
      .optional()
      .describe('Whether credentials are renewed on a 401 answer and before they expire.'),
    expiredWhen: z
      .array(expiredWhen)
      .min(1)
      .max(MAX_EXPIRY_RULES)
      .optional()
      .describe(
        'Answers besides 401 that mean that the access token has expired; one of the rules suffices.',
      ),
    auth_url: requestUrl().optional().describe('OAuth: URL of the authorization page, with placeholders.'),
    userDetails: mappedAuthRequest
      .optional()
      .describe('Who is connected; its mapping becomes metadata (`uid` and `name` by convention).'),
    registrationRequests: z
      .array(authRequest)
      .max(MAX_STEPS)
      .optional()
      .describe('Run in order once after connecting, such as to register a webhook.'),
    unregistrationRequests: z
      .array(authRequest)
      .max(MAX_STEPS)
      .optional()
      .describe('Run in order on disconnect and uninstall.'),
    pkce: z.boolean().optional().describe('OAuth: `true` switches PKCE (S256) on.'),
  })
  .meta({
    id: 'Auth',
    description: 'How accounts are connected.',
    examples: [
      {
        type: 'apikey',
        sensitiveKeys: ['apiKey'],
        form: { apiKey: { type: 'password', label: 'API key', required: true } },
        userDetails: {
          url: 'https://api.example.com/me',
          method: 'GET',
          headers: { 'X-Api-Key': '[[apiKey]]' },
          mapping: { uid: '$.account.id', name: '$.account.name' },
        },
      },
    ],
  })
