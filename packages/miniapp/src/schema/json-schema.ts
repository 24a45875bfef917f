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
  generated ??= z.toJSONSchema(app, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const def = zodSchema._zod.def as { type: string }
      if (def.type === 'object' && jsonSchema.additionalProperties === false)
        jsonSchema.patternProperties = { '^x-': {} }
    },
  }) as JsonSchema
  return structuredClone(generated)
}
