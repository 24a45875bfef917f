import type { z } from 'zod'
import { type Finding, finding } from '../rules/codes.ts'
import { type Belonging, belongingOf, type Holder, otherWordFor } from './belonging.ts'
import { nearestName, samePlainName } from './nearest-name.ts'
import { under } from './pointer.ts'
import { childSchema, effectiveSchema, fitsKind, knownProperties } from './walk.ts'

/** Names that everybody may use for notes and tools of their own (1.1). */
const EXTENSION_PREFIX = 'x-'

export interface UnknownProperties {
  findings: Finding[]
  /** Pointers of the properties that were most likely meant. */
  meant: string[]
}

/** Every property that the schema does not know, at any depth, with the name or the place that was probably meant. */
export function unknownProperties(schema: z.core.$ZodType, document: unknown): UnknownProperties {
  const found: UnknownProperties = { findings: [], meant: [] }
  visit({ schema, value: document, name: '' }, '', [], found)
  return found
}

/** A value with the name that it stands under. */
interface Visited {
  schema: z.core.$ZodType
  value: unknown
  name: string
}

function visit(
  { schema, value, name }: Visited,
  pointer: string,
  above: readonly Holder[],
  found: UnknownProperties,
): void {
  if (typeof value !== 'object' || value === null) return
  const effective = effectiveSchema(schema, value)
  if (!effective || !fitsKind(effective, value)) return
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      const element = childSchema(effective, index)
      if (element) visit({ schema: element, value: item, name }, under(pointer, index), above, found)
    })
    return
  }
  const holders = [...above, { name, value: value as Record<string, unknown>, schema: effective }]
  const known = knownProperties(effective)
  for (const [property, child] of Object.entries(value)) {
    const at = under(pointer, property)
    const propertySchema = childSchema(effective, property)
    if (propertySchema) visit({ schema: propertySchema, value: child, name: property }, at, holders, found)
    else if (known?.closed && !property.startsWith(EXTENSION_PREFIX)) {
      const meant = whatIsMeant(property, known.names, holders)
      if (meant.below) found.meant.push(under(pointer, ...meant.below))
      found.findings.push(finding('unknown-property', at, `unknown property \`${property}\`; ${meant.says}`))
    }
  }
}

/** The same name in another spelling, the word that ours has for it, another place for it, or a name that is near. */
function whatIsMeant(property: string, known: readonly string[], holders: readonly Holder[]): Belonging {
  const free = known.filter((candidate) => !Object.hasOwn(holders.at(-1)?.value ?? {}, candidate))
  const certain = free.find((candidate) => samePlainName(candidate, property)) ?? otherWordFor(property, free)
  if (certain !== undefined) return renamed(certain)
  const elsewhere = belongingOf(property, holders)
  if (elsewhere !== undefined) return { ...elsewhere, says: `${elsewhere.says}.` }
  // Rather a name that is still free than one that the object already has.
  const near = nearestName(property, free) ?? nearestName(property, known)
  return near === undefined ? { says: allNames(known) } : renamed(near)
}

function renamed(name: string): Belonging {
  return { says: `did you mean \`${name}\`?`, below: [name] }
}

/** Names that one message lists: more than a screen line of them helps nobody. */
const MAX_LISTED = 20

function allNames(known: readonly string[]): string {
  const names = known
    .slice(0, MAX_LISTED)
    .map((one) => `\`${one}\``)
    .join(', ')
  const more = known.length > MAX_LISTED ? ` and ${known.length - MAX_LISTED} more` : ''
  return `known here: ${names}${more}. Notes of your own may start with \`x-\`.`
}
