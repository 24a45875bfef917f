import { DefinitionError } from '../expression/definition-error.ts'
import type { Rule } from './rule.ts'

/** Every request has a URL that can become an absolute one (4.2). */
export const urlsAreAbsolute: Rule = ({ requests, report }) => {
  const seen = new Set<string>()
  for (const { url, urlPointer } of requests) {
    if (!(url instanceof DefinitionError) || seen.has(urlPointer)) continue
    seen.add(urlPointer)
    report('malformed-url', urlPointer, `This URL cannot be used: ${url.message}.`)
  }
}
