import { nearestName } from '../schema/nearest-name.ts'
import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** Content types that the platform knows (6.2); any other is kept as a record type of its own. */
const KNOWN = [
  'core:customer',
  'core:product',
  'core:category',
  'ecommerce:orders',
  'ecommerce:abandonedCarts',
] as const

/** A content type that only resembles a known one would make records that nothing else finds (6.2). */
export const contentTypesAreSpelledRight: Rule = ({ survey, report }) => {
  const { pointer, value: sync } = survey.sync
  for (const [key, { contentType }] of Object.entries(sync?.resources ?? {})) {
    if (KNOWN.some((known) => known === contentType)) continue
    const meant = meantBy(contentType)
    if (meant === undefined) continue
    report(
      'misspelt-content-type',
      under(pointer, 'resources', key, 'contentType'),
      `\`${contentType}\` is a record type of your own; did you mean \`${meant}\`?`,
    )
  }
}

/** By the whole, or by the word alone: `orders`, `order`, `woo:order`. */
function meantBy(contentType: string): string | undefined {
  const whole = nearestName(contentType, KNOWN)
  if (whole !== undefined) return whole
  const word = singular(contentType)
  return KNOWN.find((known) => singular(known) === word)
}

function singular(contentType: string): string {
  const [, word = contentType] = /^(?:core:|ecommerce:)?(.*)$/.exec(contentType) ?? []
  return word.toLowerCase().replaceAll(/[_-]/g, '').replace(/ies$/, 'y').replace(/s$/, '')
}
