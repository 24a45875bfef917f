import { z } from 'zod'

export interface BranchCase<Schema extends z.ZodType> {
  is: (value: unknown) => boolean
  schema: Schema
}

interface BranchDef extends z.core.$ZodUnionDef {
  cases: readonly BranchCase<z.ZodType>[]
  says: string
}

/** What a value of no known form is parsed with, only to report it well: it is no part of the type or the JSON Schema. */
interface BranchOptions {
  otherwise?: z.ZodType
}

const Branch = z.core.$constructor('Branch', (inst: z.ZodUnion, def: BranchDef) => {
  z.ZodUnion.init(inst, def)
  inst._zod.parse = (payload, ctx) => {
    const chosen = def.cases.find((candidate) => candidate.is(payload.value))
    if (chosen) return chosen.schema._zod.run(payload, ctx)
    payload.issues.push({
      code: 'custom',
      message: def.says,
      input: payload.value,
      inst,
      params: { finding: 'wrong-type' },
    })
    return payload
  }
})

/**
 * One of several forms of a value, told apart by its shape.
 *
 * A plain union tries every option and reports all of their failures; an author who mistyped one property of a
 * mapping rule does not want to read why it is no string either. Here the first case whose `is` holds is the only
 * one that is parsed and reported; where none holds, the finding says `says`.
 *
 * @param says what the value must be, as the end of a sentence: "must be an object or a list of …"
 */
export function branch<const Cases extends readonly BranchCase<z.ZodType>[]>(
  says: string,
  cases: Cases,
  { otherwise }: BranchOptions = {},
): z.ZodType<z.output<Cases[number]['schema']>> {
  const reported = otherwise ? [...cases, { is: isRecord, schema: otherwise }] : cases
  const def = { type: 'union', options: cases.map((one) => one.schema), cases: reported, says }
  return new Branch(def as unknown as BranchDef) as unknown as z.ZodType<z.output<Cases[number]['schema']>>
}

/** The form that the shape of `value` chooses, for walks over schema and document together. */
export function chosenBranch(schema: z.core.$ZodType, value: unknown): z.core.$ZodType | undefined {
  const def = schema._zod.def as unknown as BranchDef
  return def.cases.find((candidate) => candidate.is(value))?.schema
}

export function isBranch(schema: z.core.$ZodType): boolean {
  return schema._zod.traits.has('Branch')
}

export const isText = (value: unknown): value is string => typeof value === 'string'
export const isList = (value: unknown): value is unknown[] => Array.isArray(value)
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const isLiteral = (value: unknown): value is number | boolean | null =>
  value === null || typeof value === 'number' || typeof value === 'boolean'
