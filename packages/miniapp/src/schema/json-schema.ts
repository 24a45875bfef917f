import { z } from 'zod'
import { app } from './app.ts'

/** A JSON Schema document (draft 2020-12). */
export type JsonSchema = Record<string, unknown>

let generated: JsonSchema | undefined

/**
 * The format as JSON Schema, draft 2020-12, for editors (`GET /miniapp.schema.json`). Made from the same schema that
 * validates, so it knows every property, with its description; what refers to other parts of the document
 * it cannot say. Properties that start with `x-` are allowed in every object.
 */
export function jsonSchema(): JsonSchema {
  generated ??= describeReferences(toJsonSchema())
  return structuredClone(generated)
}

function toJsonSchema(): JsonSchema {
  return z.toJSONSchema(app, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const def = zodSchema._zod.def as { type: string }
      if (def.type === 'object' && jsonSchema.additionalProperties === false)
        jsonSchema.patternProperties = { '^x-': {} }
    },
  }) as JsonSchema
}

/**
 * VS Code's language service shows of a reference the description of the noun that it leads to, never the one beside it. So
 * every reference carries what is to be shown, and a noun's own description is its comment.
 */
function describeReferences(schema: JsonSchema): JsonSchema {
  const nouns = schema['$defs'] as Record<string, JsonSchema>
  const describe = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(describe)
    if (typeof node !== 'object' || node === null) return node
    const { $ref, ...rest } = Object.fromEntries(
      Object.entries(node).map(([name, one]) => [name, name === 'examples' ? one : describe(one)]),
    )
    if (typeof $ref !== 'string') return rest
    const noun = nouns[$ref.replace('#/$defs/', '')]
    return { description: noun?.['description'], ...rest, allOf: [{ $ref }] }
  }
  const { $defs: _nouns, ...root } = schema
  const described = Object.entries(nouns).map(([name, { description, ...noun }]) => [
    name,
    { $comment: description, ...(describe(noun) as JsonSchema) },
  ])
  return { ...(describe(root) as JsonSchema), $defs: Object.fromEntries(described) }
}
