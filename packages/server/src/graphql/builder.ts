import SchemaBuilder from '@pothos/core'
import './operation.ts'
import type { RequestContext } from './request-context.ts'
import { dateScalar, jsonScalar } from './scalar.ts'

/** The one builder of the schema; `schema.ts` lists the files that add to it. */
export const builder = new SchemaBuilder<{
  Context: RequestContext
  Scalars: {
    JSON: { Input: unknown; Output: unknown }
    Date: { Input: Date; Output: Date }
  }
}>({ plugins: ['operation'] })

builder.addScalarType('JSON', jsonScalar)
builder.addScalarType('Date', dateScalar)
builder.queryType({})
builder.mutationType({})
