import type { z } from 'zod'
import { type Finding, finding } from '../rules/codes.ts'
import { isRecord } from './branch.ts'
import { nearestName } from './nearest-name.ts'
import { under } from './pointer.ts'
import { childSchema, effectiveSchema, knownProperties } from './walk.ts'

/** Names that everybody may use for notes and tools of their own (1.1). */
const EXTENSION_PREFIX = 'x-'

export interface UnknownProperties {
  findings: Finding[]
  /** Pointers of the properties that were most likely meant. */
  meant: string[]
}

/** Every property that the schema does not know, at any depth, with the name that was probably meant. */
export function unknownProperties(schema: z.core.$ZodType, document: unknown): UnknownProperties {
  const found: UnknownProperties = { findings: [], meant: [] }
  visit(schema, document, '', found)
  return found
}

function visit(schema: z.core.$ZodType, value: unknown, pointer: string, found: UnknownProperties): void {
  if (typeof value !== 'object' || value === null) return
  const effective = effectiveSchema(schema, value)
  if (!effective) return
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      const element = childSchema(effective, index)
      if (element) visit(element, item, under(pointer, index), found)
    })
    return
  }
  const known = knownProperties(effective)
  for (const [name, child] of Object.entries(value)) {
    const property = childSchema(effective, name)
    if (property) visit(property, child, under(pointer, name), found)
    else if (known?.closed && !name.startsWith(EXTENSION_PREFIX))
      reportUnknown(name, known.names, value, pointer, found)
  }
}

function reportUnknown(
  name: string,
  known: string[],
  owner: object,
  pointer: string,
  found: UnknownProperties,
): void {
  const free = known.filter((candidate) => !Object.hasOwn(owner, candidate))
  const meant = nearestName(name, free) ?? nearestName(name, known)
  if (meant !== undefined && isRecord(owner)) found.meant.push(under(pointer, meant))
  const hint =
    meant === undefined
      ? `known here: ${quoteAll(known)}. Notes of your own may start with \`x-\`.`
      : `did you mean \`${meant}\`?`
  found.findings.push(
    finding('unknown-property', under(pointer, name), `unknown property \`${name}\`; ${hint}`),
  )
}

function quoteAll(names: string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
