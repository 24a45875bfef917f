import { z } from 'zod'
import { FINDING_CODES, type Finding, type FindingCode, finding } from '../rules/codes.ts'
import { nearestName } from './nearest-name.ts'
import { otherValueFor } from './other-values.ts'
import { toPointer } from './pointer.ts'
import { schemaAt, valueAt } from './walk.ts'

type Issue = z.core.$ZodIssue

/**
 * What the schema says about a document, in our words: zod finds, this tells. Unknown names are told elsewhere.
 *
 * @param rootName what messages call the document itself
 */
export function shapeFindings(schema: z.ZodType, document: unknown, rootName = 'The definition'): Finding[] {
  // A parser that zod compiles first pays off from the tenth document on; a command checks one.
  const parsed = schema.safeParse(document, { jitless: true })
  if (parsed.success) return []
  return parsed.error.issues
    .filter((issue) => issue.code !== 'unrecognized_keys')
    .map((issue) => tell(schema, document, issue, rootName))
}

function tell(schema: z.ZodType, document: unknown, issue: Issue, rootName: string): Finding {
  const pointer = toPointer(issue.path)
  const name = displayName(issue.path, rootName)
  const value = valueAt(document, issue.path)
  if (value === undefined && (issue.code !== 'custom' || issue.params?.['finding'] === 'wrong-type')) {
    return finding(
      'missing-property',
      pointer,
      `${name} is missing and required here: ${describeMissing(schema, document, issue)}`,
    )
  }
  const [code, says] = judge(issue, value)
  return finding(code, pointer, `${name} must be ${says}${says.endsWith('?') ? '' : '.'}`)
}

/** Code and predicate of an issue whose value is there. */
function judge(issue: Issue, value: unknown): [FindingCode, string] {
  switch (issue.code) {
    case 'invalid_type':
      return ['wrong-type', `${article(issue.expected)}, not ${describe(value)}${aside(issue.path, value)}`]
    case 'invalid_value':
      return ['unknown-value', oneOf(issue.values, value)]
    case 'too_small':
      return [
        'out-of-range',
        `${amount(issue.origin, 'at least', issue.minimum, issue.inclusive)}${not(issue.origin, value)}`,
      ]
    case 'too_big':
      return [
        'out-of-range',
        `${amount(issue.origin, 'at most', issue.maximum, issue.inclusive)}${not(issue.origin, value)}`,
      ]
    case 'invalid_key':
      return ['malformed-value', issue.issues[0]?.message ?? 'another name']
    case 'custom':
      return [customCode(issue.params), issue.message]
    default:
      return ['malformed-value', issue.message]
  }
}

function customCode(params: Record<string, unknown> | undefined): FindingCode {
  const code = params?.['finding']
  if (typeof code === 'string' && Object.hasOwn(FINDING_CODES, code)) return code as FindingCode
  throw new Error(
    `A check of the schema names the finding ${JSON.stringify(code)}, which is not in the table`,
  )
}

function describeMissing(schema: z.ZodType, document: unknown, issue: Issue): string {
  const missing = schemaAt(schema, document, issue.path)
  const description = missing ? z.globalRegistry.get(missing)?.description : undefined
  if (description !== undefined) return description
  if (issue.code === 'custom') return `${issue.message}.`
  return issue.code === 'invalid_type' ? `${article(issue.expected)}.` : 'see the reference.'
}

function oneOf(values: readonly unknown[], value: unknown): string {
  const options = values.map((option) => `\`${String(option)}\``)
  const list =
    options.length === 1 ? `${options[0]}` : `one of ${options.slice(0, -1).join(', ')} and ${options.at(-1)}`
  const texts = values.map(String)
  const near =
    typeof value === 'string' ? (otherValueFor(value, texts) ?? nearestName(value, texts)) : undefined
  return `${list}, not ${describe(value)}${near === undefined || options.length === 1 ? '' : `; did you mean \`${near}\`?`}`
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

/** What somebody who knows another form of the same property may not know. */
function aside(path: readonly PropertyKey[], value: unknown): string {
  return path.at(-1) === 'required' && typeof value === 'boolean'
    ? '; a field is required by its name in the list `required` beside `properties`'
    : ''
}

function article(expected: string): string {
  return ARTICLES[expected] ?? expected
}

/** Characters of a value that a message repeats. */
const MAX_QUOTED_CHARACTERS = 60

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  const text = String(value)
  const shown = text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text
  return typeof value === 'string' ? `the text \`${shown}\`` : `\`${shown}\``
}

function amount(
  origin: string,
  bound: string,
  limit: number | bigint,
  inclusive: boolean | undefined,
): string {
  const plural = limit === 1 ? '' : 's'
  if (origin === 'array') return `a list with ${bound} ${limit} element${plural}`
  if (origin === 'string') return `a text of ${bound} ${limit} character${plural}`
  if (inclusive === false) return `${bound === 'at least' ? 'more than' : 'less than'} ${limit}`
  return `${bound} ${limit}`
}

function not(origin: string, value: unknown): string {
  if (origin === 'array' && Array.isArray(value)) return `, not ${value.length}`
  if (origin === 'string' && typeof value === 'string') return `, not ${value.length}`
  return `, not ${describe(value)}`
}

/** How a message names the place: the property, with its index where it is the element of a list. */
function displayName(path: readonly PropertyKey[], rootName: string): string {
  const end = path.findLastIndex((segment) => typeof segment !== 'number')
  if (end < 0) return path.length === 0 ? rootName : `Element ${String(path.at(-1))}`
  return `\`${String(path[end])}${path
    .slice(end + 1)
    .map((index) => `[${String(index)}]`)
    .join('')}\``
}
