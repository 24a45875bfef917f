/** The GraphQL that definitions of the catalog hold as text, where no rule of the format looks. */
import { readdirSync, readFileSync } from 'node:fs'
import { type DocumentNode, Kind, parse, type VariableDefinitionNode, visit } from 'graphql'
import { describe, expect, test } from 'vitest'

const CATALOG = new URL('../../../catalog/', import.meta.url)

interface Body {
  query: string
  variables?: Record<string, unknown>
}

const apps = readdirSync(CATALOG, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ ns: name, bodies: bodiesIn(readJson(`${name}/miniapp.json`)) }))
  .filter(({ bodies }) => bodies.length > 0)

describe.each(apps)('$ns', ({ bodies }) => {
  test.each(bodies)('$query', ({ query, variables = {} }) => {
    const document = parse(query)
    const declared = declarationsIn(document)
    const names = declared.map(({ variable }) => variable.name.value)
    const isNeeded = ({ type, defaultValue }: VariableDefinitionNode) =>
      type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined
    expect([...usedIn(document)].sort(), 'used as declared').toEqual([...names].sort())
    expect(names, 'sent as declared').toEqual(expect.arrayContaining(Object.keys(variables)))
    expect(Object.keys(variables), 'what is required is sent').toEqual(
      expect.arrayContaining(declared.filter(isNeeded).map(({ variable }) => variable.name.value)),
    )
  })
})

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, CATALOG), 'utf8'))
}

/** The body of every request to a GraphQL endpoint, at any depth of the definition. */
function bodiesIn(value: unknown): Body[] {
  if (typeof value !== 'object' || value === null) return []
  const { url, body } = value as { url?: unknown; body?: Body }
  if (typeof url === 'string' && /\/graphql(\.json)?$/.test(url) && body) return [body]
  return Object.values(value).flatMap(bodiesIn)
}

function declarationsIn({ definitions }: DocumentNode): readonly VariableDefinitionNode[] {
  return definitions.flatMap((one) =>
    one.kind === Kind.OPERATION_DEFINITION ? (one.variableDefinitions ?? []) : [],
  )
}

function usedIn(document: DocumentNode): Set<string> {
  const used = new Set<string>()
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => void used.add(name.value),
  })
  return used
}
