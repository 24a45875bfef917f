import { z } from 'zod'
import { branch, isList, isLiteral, isRecord, isText } from './branch.ts'
import { filledText, headerName, pathText } from './text.ts'

/** Transforms of 2.4, in the order of the specification. */
export const TRANSFORM_NAMES = [
  'toString',
  'toNumber',
  'toNumberOrNull',
  'toBoolean',
  'toDate',
  'trim',
  'lower',
  'upper',
  'coalesce',
  'compute',
  'mapItems',
  'joinCodes',
  'first',
  'join',
  'split',
  'minorToMajor',
  'phone',
] as const
export type TransformName = (typeof TRANSFORM_NAMES)[number]

/** Decimals that `minorToMajor` may be asked for: no currency has more than four, 18 covers token amounts. */
const MAX_SCALE = 18

/** One rule of 2.4. `source` is understood in response mappings only. */
export interface RuleObject {
  path?: string
  paths?: string[]
  value?: unknown
  transform?: TransformName | TransformName[]
  default?: unknown
  fields?: Record<string, FieldRule>
  field?: string
  separator?: string
  scale?: number
  timezone?: string
  country?: string
  fn?: string
  args?: Record<string, FieldRule>
  source?: 'body' | 'header' | 'status'
}
/** A path (string), a literal (number, boolean, `null`) or a rule. */
export type FieldRule = string | number | boolean | null | RuleObject
export interface MappingEntry {
  name: string
  value: FieldRule
  optional?: boolean
}
/** Object form: outputs and result. Array form: outputs for later steps only (2.3). */
export type ResponseMapping = Record<string, FieldRule> | MappingEntry[]

const transformName = z.enum(TRANSFORM_NAMES)

const literal = branch('a number, a boolean or null', [
  { is: (value) => typeof value === 'number', schema: z.number() },
  { is: (value) => typeof value === 'boolean', schema: z.boolean() },
  { is: isLiteral, schema: z.null() },
])

const rulesByName = (): z.ZodType<Record<string, FieldRule>> =>
  z.record(
    z.string(),
    z.lazy(() => fieldRule),
  )

/** Made anew for each schema, so that the JSON Schema needs no names for shared parts. */
const ruleShape = () => ({
  path: pathText()
    .optional()
    .describe('Path of the value: relative (`price.amount`) or from the root (`$.data.id`).'),
  paths: z
    .array(pathText())
    .min(1)
    .optional()
    .describe('Paths tried in order: the first value that is neither missing, null nor the empty string.'),
  value: z.unknown().optional().describe('A constant, whatever the payload holds.'),
  transform: branch('the name of a transform or a list of names', [
    { is: isList, schema: z.array(transformName).min(1) },
    { is: isText, schema: transformName },
  ])
    .optional()
    .describe('What is done to the value; a list is applied from left to right.'),
  default: z.unknown().optional().describe('Used where the result is missing or null.'),
  fields: rulesByName()
    .optional()
    .describe(
      'With `mapItems`: one rule per property, relative to the item; without it items stay as they are.',
    ),
  field: filledText()
    .optional()
    .describe(
      'With `joinCodes`: the property that holds the code; default the first of `code`, `coupon_code`, `id`.',
    ),
  separator: z
    .string()
    .optional()
    .describe('With `joinCodes`, `join` and `split`: the separator; default `,`.'),
  scale: z
    .int()
    .min(0)
    .max(MAX_SCALE)
    .optional()
    .describe('With `minorToMajor`: how many decimals the currency has; default 2.'),
  timezone: filledText()
    .optional()
    .describe(
      'With `toDate`: the IANA time zone of times that carry none, such as `Asia/Riyadh`; default UTC.',
    ),
  country: z
    .string()
    .regex(/^[A-Za-z]{2}$/, { error: 'a country code of two letters (ISO 3166-1), such as `SA`' })
    .optional()
    .describe('With `phone`: the country of numbers written without a country code.'),
  fn: filledText()
    .optional()
    .describe('With `compute`: a key of `functions`; the `value` property of its result is used.'),
  args: rulesByName()
    .optional()
    .describe('With `compute`: one rule per parameter of the function, on the same record.'),
})

const recordRule = z
  .strictObject(ruleShape())
  .superRefine(checkRule)
  .meta({
    id: 'RuleObject',
    description: 'How one field is made from a payload.',
    examples: [
      { path: 'id', transform: 'toString' },
      { paths: ['price.amount', 'regular_price.amount'], transform: 'coalesce' },
      { path: 'items', transform: 'mapItems', fields: { code: 'id', quantity: 'qty' } },
    ],
  })

const responseRule = z
  .strictObject({
    ...ruleShape(),
    source: z
      .enum(['body', 'header', 'status'])
      .optional()
      .describe(
        'Where `path` looks: in the body (default), or `path` is the name of a header, or the HTTP status itself.',
      ),
  })
  .superRefine(checkRule)
  .meta({
    id: 'ResponseRule',
    description: 'How one output is made from a response.',
    examples: [
      { path: '$.id', transform: 'toString' },
      { source: 'header', path: 'X-Request-Id' },
    ],
  })

/** A rule on a record: `apiMapping`, `handlers.*.mapping`, `customerExtraction.mapping`, `fields`, `args`. */
export const fieldRule: z.ZodType<FieldRule> = branch(
  'a path, a literal or a rule such as `{ "path": "id" }`',
  [
    { is: isText, schema: pathText() },
    { is: isLiteral, schema: literal },
    { is: isRecord, schema: recordRule },
  ],
).meta({
  id: 'FieldRule',
  description: 'A path, a literal or a rule.',
  examples: ['price.amount', { path: 'id', transform: 'toString' }, { value: 'SAR' }],
})

const responseValue: z.ZodType<FieldRule> = branch(
  'a path such as `$.id`, a literal or a rule such as `{ "path": "$.id" }`',
  [
    { is: isText, schema: z.string() },
    { is: isLiteral, schema: literal },
    { is: isRecord, schema: responseRule },
  ],
).meta({
  id: 'ResponseValue',
  description: 'A path that starts with `$`, a literal or a rule.',
  examples: ['$.ticket.id', 'sent', { path: '$.created_at', transform: 'toDate' }],
})

const mappingEntry = z.strictObject({
  name: filledText().describe('Name under which later steps find the value, as `{{name}}`.'),
  value: responseValue.describe('Path into the response (`$.channel.id`), a literal or a rule.'),
  optional: z
    .boolean()
    .optional()
    .describe('`true`: the step goes on where the path selects nothing; otherwise that fails the step.'),
})

export const responseMapping: z.ZodType<ResponseMapping> = branch(
  'an object such as `{ "id": "$.id" }` or a list such as `[{ "name": "id", "value": "$.id" }]`',
  [
    { is: isList, schema: z.array(mappingEntry) },
    { is: isRecord, schema: z.record(z.string(), responseValue) },
  ],
)

export const fieldRules = (): z.ZodRecord<z.ZodString, typeof fieldRule> => z.record(z.string(), fieldRule)

function checkRule(rule: RuleObject, context: z.RefinementCtx): void {
  const transforms = [rule.transform ?? []].flat()
  const computes = transforms.includes('compute')
  const origins = (['path', 'paths', 'value'] as const).filter((name) => rule[name] !== undefined)
  if (origins.length > 1) {
    report(
      context,
      [origins[1] ?? ''],
      'conflicting-properties',
      `left out: the rule already has \`${origins[0]}\``,
    )
  }
  if (origins.length === 0 && !computes && rule.source !== 'status') {
    report(
      context,
      ['path'],
      'missing-property',
      'given, unless the rule has `paths`, `value` or the transform `compute`',
    )
  }
  if (computes && rule.fn === undefined) {
    report(context, ['fn'], 'missing-property', 'given with the transform `compute`: a key of `functions`')
  }
  if (rule.fn !== undefined && !computes) {
    report(context, ['fn'], 'conflicting-properties', 'left out, or `transform` must be `compute`')
  }
  if (rule.fields !== undefined && !transforms.includes('mapItems')) {
    report(context, ['fields'], 'conflicting-properties', 'left out, or `transform` must be `mapItems`')
  }
  if (rule.source === 'header' && rule.path !== undefined && !isHeaderName(rule.path)) {
    report(context, ['path'], 'malformed-value', 'the name of a header, because `source` is `header`')
  }
}

/** `$` may stand in a token, but what starts with it is a path. */
function isHeaderName(text: string): boolean {
  return headerName().safeParse(text).success && !text.startsWith('$')
}

function report(context: z.RefinementCtx, path: string[], finding: string, message: string): void {
  context.addIssue({ code: 'custom', path, message, params: { finding } })
}
