import { z } from 'zod'
import { listed } from '../rules/rule.ts'
import { branch, isList, isRecord, isText } from '../schema/branch.ts'
import { filledText } from '../schema/text.ts'
import { type PackageFile, type ReadFile, readFileOf } from './package-file.ts'

/** The auth requests that can be recorded, in the order in which a connection lives through them. */
export const RECORDED_AUTH_REQUESTS = [
  'get_token',
  'test_token',
  'userDetails',
  'refresh_token',
  'registrationRequests',
  'unregistrationRequests',
] as const
export type RecordedAuthRequest = (typeof RECORDED_AUTH_REQUESTS)[number]

const methods = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'])
const values = z.record(z.string(), z.unknown())

const headers = branch('a list of header names, or an object with their values', [
  { is: isList, schema: z.array(filledText()) },
  { is: isRecord, schema: z.record(z.string(), z.string()) },
])

const exchange = z.strictObject({
  request: z
    .strictObject({
      method: methods.describe('Method of the request.'),
      url: filledText().describe('Absolute URL, as it is sent.'),
      headers: headers.describe('Names of all headers, or an object with their values.'),
      body: z
        .unknown()
        .optional()
        .describe('A value for a JSON body, a text for any other; absent for none.'),
    })
    .describe('What is sent.'),
  response: z
    .strictObject({
      status: z.int().min(100).max(599).describe('HTTP status of the answer.'),
      headers: z.record(z.string(), z.string()).describe('Headers of the answer.'),
      body: z
        .unknown()
        .optional()
        .describe('A JSON value, the text of any other body, or null for an empty one.'),
    })
    .describe('What the provider answers.'),
})

const optionValue = branch('a text or a number', [
  { is: isText, schema: z.string() },
  { is: (value) => typeof value === 'number', schema: z.number() },
])

const expectation = z
  .strictObject({
    data: values.optional().describe('Result of an action, or what an auth request yields.'),
    options: z
      .array(z.strictObject({ value: optionValue.describe('Value.'), label: z.string().describe('Label.') }))
      .optional()
      .describe('Options of a source.'),
    error: z
      .strictObject({
        code: filledText().describe('Code of the error, such as `EXTERNAL_API_ERROR`.'),
        message: z.string().optional().describe('What the user reads.'),
        status: z.int().optional().describe('HTTP status that the provider answered.'),
        providerMessage: z.string().optional().describe("The provider's own words."),
        fields: z.array(z.string()).optional().describe('JSON Pointers of the input that does not fit.'),
      })
      .optional()
      .describe('The error that it ends with.'),
  })
  .superRefine((value, context) => exactlyOne(value, ['data', 'options', 'error'], context))

const recording = z
  .strictObject({
    documentation: z.string().optional().describe("The provider's page that the exchanges follow."),
    verified: z.boolean().optional().describe('Whether the answers were recorded from the provider.'),
    action: filledText().optional().describe('Name of the action that runs.'),
    source: filledText().optional().describe('Key of the source that is read.'),
    auth: z.enum(RECORDED_AUTH_REQUESTS).optional().describe('Name of the auth request that runs.'),
    input: values.optional().describe('Form input; the parameters of a source; values of the connect form.'),
    userInput: values.optional().describe('Values of the connect form that are no secrets.'),
    metadata: values.optional().describe('What `userDetails` stored, where requests read it.'),
    exchanges: z
      .array(exchange)
      .optional()
      .describe('Every request with its answer; absent: runs live only.'),
    expected: expectation.describe('How it ends.'),
  })
  .superRefine((value, context) => exactlyOne(value, ['action', 'source', 'auth'], context))

/** One run with all that it sends and is answered: `tests/*.json` of a package, `fixtures/*.json` in the catalog. */
export type Recording = z.output<typeof recording> & {
  /** Relative to the package. */
  file: string
}
/** A recording that holds its exchanges and so can run without the provider. */
export type PlayableRecording = Recording & { exchanges: RecordedExchange[] }
export type RecordedExchange = z.output<typeof exchange>
export type ExpectedEnd = z.output<typeof expectation>
export type ExpectedError = NonNullable<ExpectedEnd['error']>

export function readRecording(file: PackageFile): ReadFile<z.output<typeof recording>> {
  return readFileOf(recording, file)
}

export function isPlayable(one: Recording): one is PlayableRecording {
  return one.exchanges !== undefined
}

function exactlyOne(value: object, names: readonly string[], context: z.RefinementCtx): void {
  const [first, second] = names.filter((name) => Object.hasOwn(value, name))
  if (first !== undefined && second === undefined) return
  const [proposed = '', ...others] = names
  context.addIssue({
    code: 'custom',
    path: [second ?? proposed],
    message:
      second === undefined ? `given, or one of ${listed(others)}` : `left out: \`${first}\` is given already`,
    params: { finding: second === undefined ? 'missing-property' : 'conflicting-properties' },
  })
}
