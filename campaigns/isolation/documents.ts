/** Whole documents for every operation of the schema, with all its arguments as variables and all its fields. */
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isObjectType,
} from 'graphql'
import { schema } from '../../packages/server/src/graphql/schema.ts'

/** Levels of objects in objects that are selected. */
const DEPTH = 4

/** By the name of the operation; arguments that are not given stay out. */
export function documentOf(name: string, given: readonly string[]): string {
  const [kind, field] = operations.get(name) ?? []
  if (kind === undefined || field === undefined) throw new Error(`There is no operation ${name}.`)
  const args = field.args.filter((argument) => given.includes(argument.name))
  const unknown = given.filter((argument) => !args.some((known) => known.name === argument))
  if (unknown.length > 0) throw new Error(`${name} has no argument ${unknown.join(', ')}.`)
  const variables = args.map((argument) => `$${argument.name}: ${argument.type}`).join(', ')
  const values = args.map((argument) => `${argument.name}: $${argument.name}`).join(', ')
  const call = `${name}${values && `(${values})`}${selection(field.type, DEPTH)}`
  return `${kind} ${variables && `(${variables})`} { ${call} }`
}

function selection(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type)
  if (!isObjectType(named)) return ''
  const fields = Object.values(named.getFields())
    .filter((field) => field.args.length === 0)
    .filter((field) => depth > 1 || !isObjectType(getNamedType(field.type)))
    .map((field) => `${field.name}${selection(field.type, depth - 1)}`)
  return ` { ${fields.join(' ')} }`
}

const fieldsOf = (
  kind: string,
  type: GraphQLObjectType | null | undefined,
): [string, [string, GraphQLField<unknown, unknown>]][] =>
  Object.values(type?.getFields() ?? {}).map((field) => [field.name, [kind, field]])

const operations = new Map([
  ...fieldsOf('query', schema.getQueryType()),
  ...fieldsOf('mutation', schema.getMutationType()),
])

export const operationNames: readonly string[] = [...operations.keys()]

export function isQuery(name: string): boolean {
  return operations.get(name)?.[0] === 'query'
}
