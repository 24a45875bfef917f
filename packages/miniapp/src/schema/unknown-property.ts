import type { z } from 'zod'
import { type Finding, finding } from '../rules/codes.ts'
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
    else if (known?.closed && !name.startsWith(EXTENSION_PREFIX)) {
      const meant = nameMeant(name, known.names, value)
      if (meant !== undefined) found.meant.push(under(pointer, meant))
      found.findings.push(
        finding('unknown-property', under(pointer, name), describe(name, known.names, meant)),
      )
    }
  }
}

/** Rather a name that is still free than one that the object already has. */
function nameMeant(name: string, known: string[], owner: object): string | undefined {
  const free = known.filter((candidate) => !Object.hasOwn(owner, candidate))
  return nearestName(name, free) ?? nearestName(name, known)
}

function describe(name: string, known: string[], meant: string | undefined): string {
  if (meant !== undefined) return `unknown property \`${name}\`; did you mean \`${meant}\`?`
  const names = known.map((one) => `\`${one}\``).join(', ')
  return `unknown property \`${name}\`; known here: ${names}. Notes of your own may start with \`x-\`.`
}
