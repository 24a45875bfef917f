import { DefinitionError } from '../expression/definition-error.ts'
import type { UrlPiece } from '../expression/url-template.ts'
import type { Rule } from './rule.ts'

/** Second-level names under which countries register domains (`co.uk`, `com.sa`): no domain of anybody's own. */
const SHARED_SECOND_LEVEL = new Set([
  'ac',
  'co',
  'com',
  'edu',
  'gob',
  'gov',
  'gouv',
  'id',
  'ltd',
  'med',
  'mil',
  'ne',
  'net',
  'nom',
  'or',
  'org',
  'sch',
])

/**
 * A host that is not one whole-origin placeholder ends in a literal registrable domain after its last placeholder
 * (1.2): `https://{{shop}}.myshopify.com` always reaches Shopify, `https://shop.{{domain}}` may reach anybody.
 */
export const hostsEndInADomain: Rule = ({ requests, report }) => {
  const seen = new Set<string>()
  for (const { url, urlPointer } of requests) {
    if (url === undefined || url instanceof DefinitionError || seen.has(urlPointer)) continue
    seen.add(urlPointer)
    const last = url.host.findLast((piece) => typeof piece === 'object')
    if (last === undefined || isRegistrable(literalTail(url.host))) continue
    const name = last.syntax === 'input' ? `{{${last.key}}}` : `[[${last.key}]]`
    report(
      'host-without-domain',
      urlPointer,
      `After \`${name}\` the host must end in a domain, such as \`.example.com\`; or let one placeholder stand for the whole origin: \`${name}/path\`.`,
    )
  }
}

function literalTail(host: readonly UrlPiece[]): string {
  const tail = host.at(-1)
  return typeof tail === 'string' ? tail : ''
}

/** Whether a text such as `.myshopify.com` starts at a label and holds a domain that somebody registered. */
function isRegistrable(tail: string): boolean {
  if (!/^\.[a-z0-9.-]+$/i.test(tail)) return false
  const labels = tail.slice(1).toLowerCase().split('.')
  const [second = '', top = ''] = labels.slice(-2)
  const needed = top.length === 2 && SHARED_SECOND_LEVEL.has(second) ? 3 : 2
  return labels.length >= needed && labels.every((label) => label !== '') && /^[a-z]/.test(top)
}
