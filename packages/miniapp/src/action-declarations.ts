import { type Output, type OutputType, outputsOf } from './diff/outputs.ts'
import { canonicalSchema, type PlainSchema } from './diff/parameter-schema.ts'
import type { ActionDefinition, Definition } from './document.ts'
import { isRecord } from './schema/branch.ts'

/** Objects inside objects that are written out; what lies deeper is `unknown`. */
const MAX_DEPTH = 8
const INDENT = '  '
/** Of an action without parameters. */
const NO_INPUT = 'Record<string, never>'

/**
 * TypeScript declarations of what the actions of a definition take and answer, with their descriptions as comments. The
 * same definition always makes the same text. Takes any definition that validation has passed.
 */
export function actionDeclarations(definition: Definition): string {
  const taken = new Set<string>()
  const actions = (definition.actions ?? []).map((action) => {
    const name = freeName(capitalised(action.name), taken)
    return { action, name, text: declarationsOf(action, name, definition) }
  })
  const app = freeName(
    capitalised(definition.ns.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())),
    taken,
  )
  const rows = actions.map(
    ({ action, name }) => `${INDENT}${action.name}: { input: ${name}Input; output: ${name}Output }\n`,
  )
  return [
    `// Types of the actions of ${definition.ns} ${definition.version}, made by \`miniapps types\`. Do not edit.\n`,
    ...actions.map(({ text }) => text),
    `${comment(`Every action of ${definition.title}, by name.`)}export interface ${app}Actions {\n${rows.join('')}}\n`,
  ].join('\n')
}

function declarationsOf(action: ActionDefinition, name: string, { functions }: Definition): string {
  const schema = canonicalSchema({ type: 'object', ...action.parameters })
  const about = [action.title, action.description]
    .filter(Boolean)
    .join('. ')
    .replace(/\.\.+ /, '. ')
  const { named, opaque } = outputsOf(action, functions)
  const outputs = [...named].map(([key, output]) => `${INDENT}${property(key)}?: ${outputType(output, 1)}\n`)
  const further = opaque.size > 0 ? `${INDENT}[name: string]: unknown\n` : ''
  const input = declarable(action, schema)
    ? `export interface ${name}Input ${objectType(schema, 0)}\n`
    : `export type ${name}Input = ${action.parameters ? schemaType(schema, 0) : NO_INPUT}\n`
  return [
    `${comment(`${about} (what it takes)`)}${input}`,
    `${comment(`${action.title} (what it answers; what the provider leaves out is missing)`)}export interface ${name}Output {\n${outputs.join('')}${further}}\n`,
  ].join('\n')
}

/** Whether there are properties, and nothing else decides what the form is. */
function declarable({ parameters }: ActionDefinition, schema: PlainSchema): boolean {
  return (
    parameters !== undefined &&
    schema['properties'] !== undefined &&
    !['anyOf', 'oneOf', 'enum', '$ref'].some((name) => name in schema)
  )
}

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
}

function schemaType(schema: unknown, depth: number): string {
  if (!isRecord(schema) || depth > MAX_DEPTH) return 'unknown'
  const { enum: choices, type } = schema
  if (Array.isArray(choices)) return union(choices.map((choice) => literal(choice)))
  const alternatives = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(alternatives) && schema['properties'] === undefined)
    return union(alternatives.map((one) => schemaType(one, depth)))
  const types = [type ?? []].flat()
  if (types.length === 0) return 'unknown'
  return union(types.map((name) => SCALARS[String(name)] ?? composite(String(name), schema, depth)))
}

function composite(type: string, schema: PlainSchema, depth: number): string {
  if (type === 'object') return objectType(schema, depth)
  if (type !== 'array') return 'unknown'
  const item = schemaType(schema['items'], depth)
  return /[|]/.test(item) ? `(${item})[]` : `${item}[]`
}

function objectType(schema: PlainSchema, depth: number): string {
  const properties = (schema['properties'] ?? {}) as Record<string, PlainSchema>
  const required = new Set((schema['required'] ?? []) as string[])
  const lines = Object.entries(properties).map(([name, property_]) => {
    const isDemanded = required.has(name) && !Object.hasOwn(property_, 'default')
    const about = [property_['title'], property_['description']].filter((text) => typeof text === 'string')
    return `${comment(about.join('. '), pad(depth + 1))}${pad(depth + 1)}${property(name)}${isDemanded ? '' : '?'}: ${schemaType(property_, depth + 1)}\n`
  })
  if (lines.length === 0) return 'Record<string, unknown>'
  const isOpen = schema['additionalProperties'] !== undefined
  return `{\n${lines.join('')}${isOpen ? `${pad(depth + 1)}[name: string]: unknown\n` : ''}${pad(depth)}}`
}

const OUTPUT_TYPES = {
  text: 'string',
  // Beyond 2^53 a number keeps its digits as a text (2.4).
  number: 'number | string | null',
  'yes or no': 'boolean',
  list: 'unknown[]',
  object: 'Record<string, unknown>',
  null: 'null',
} as const satisfies Record<OutputType, string>

function outputType({ type, fields }: Output, depth: number): string {
  if (fields === undefined || depth > MAX_DEPTH) return type ? OUTPUT_TYPES[type] : 'unknown'
  const lines = [...fields].map(
    ([name, field]) => `${pad(depth + 1)}${property(name)}?: ${outputType(field, depth + 1)}\n`,
  )
  return `{\n${lines.join('')}${pad(depth)}}[]`
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)]
  return distinct.includes('unknown') || distinct.length === 0 ? 'unknown' : distinct.join(' | ')
}

function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'object' && value !== null ? 'unknown' : JSON.stringify(value)
}

function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${escaped.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`
}

function comment(text: string, indent = ''): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('*/', '*\\/').trim()
  return line === '' ? '' : `${indent}/** ${line} */\n`
}

function pad(depth: number): string {
  return INDENT.repeat(depth)
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** Two names may differ in their first letter only. */
function freeName(name: string, taken: Set<string>): string {
  const start = /^\d/.test(name) ? `App${name}` : name
  let free = start
  for (let number = 2; taken.has(free); number += 1) free = `${start}${number}`
  taken.add(free)
  return free
}
