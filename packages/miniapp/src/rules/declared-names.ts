import { isList, isRecord } from '../schema/branch.ts'

export interface DeclaredNames {
  names: string[]
  /** Whether properties may come from where they cannot be read: a reference, or names by pattern. */
  isOpen: boolean
}

/** Keywords that hold schemas of the same object, which may declare properties of their own. */
const LISTS = ['allOf', 'anyOf', 'oneOf'] as const
const SINGLE = ['if', 'then', 'else'] as const

/** The properties that a JSON Schema of an object declares, also in schemas that it is composed of. Any value will do. */
export function declaredNames(schema: unknown): DeclaredNames {
  if (!isRecord(schema)) return { names: [], isOpen: false }
  const parts = [
    ...LISTS.flatMap((keyword) => (isList(schema[keyword]) ? schema[keyword] : [])),
    ...SINGLE.map((keyword) => schema[keyword]),
    ...(isRecord(schema['dependentSchemas']) ? Object.values(schema['dependentSchemas']) : []),
  ].map(declaredNames)
  const own = isRecord(schema['properties']) ? Object.keys(schema['properties']) : []
  return {
    names: [...new Set([...own, ...parts.flatMap(({ names }) => names)])],
    isOpen:
      schema['$ref'] !== undefined ||
      schema['patternProperties'] !== undefined ||
      parts.some(({ isOpen }) => isOpen),
  }
}
