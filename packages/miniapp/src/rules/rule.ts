import type { Sample } from '../package/sample.ts'
import { nearestName } from '../schema/nearest-name.ts'
import { type Finding, type FindingCode, finding, type ValidationLevel } from './codes.ts'
import { type MappingSites, mappingSites } from './mapping-sites.ts'
import { type RequestSite, requestSites, type StepTemplate, stepTemplates } from './request-sites.ts'
import { createScopes, type Scopes } from './scopes.ts'
import type { Survey } from './survey.ts'

/** Who hands the document in: what is the operator's to decide is an error in the submission of a partner (1.1). */
export type SubmittedBy = 'partner' | 'operator'

/** How strictly a document is judged, and for whom. */
export interface Judgement {
  level: ValidationLevel
  by: SubmittedBy
  /** Deliveries that the package of the document holds. */
  samples: readonly Sample[]
}

/** What a rule looks at; gathered once for all rules. */
export interface RuleContext extends Judgement {
  survey: Survey
  scopes: Scopes
  requests: RequestSite[]
  templates: StepTemplate[]
  mapping: MappingSites
  /** @param file of the package that `pointer` leads into; absent: the document */
  report(code: FindingCode, pointer: string, message: string, file?: string): void
}

/** Defends one truth about the document; reports what contradicts it. */
export type Rule = (context: RuleContext) => void

export function createRuleContext(
  survey: Survey,
  judgement: Judgement,
): { context: RuleContext; findings: Finding[] } {
  const findings: Finding[] = []
  const scopes = createScopes(survey)
  const context: RuleContext = {
    ...judgement,
    survey,
    scopes,
    requests: requestSites(survey, scopes),
    templates: stepTemplates(survey, scopes),
    mapping: mappingSites(survey),
    report: (code, pointer, message, file) => {
      const found = finding(code, pointer, message, judgement.level)
      findings.push(file === undefined ? found : { ...found, file })
    },
  }
  return { context, findings }
}

/** Names that one message lists: more than a screen line of them helps nobody. */
const MAX_LISTED = 20

/** Names as a message lists them: `` `a`, `b` ``; `nothing` where there are none. */
export function listed(names: Iterable<string>): string {
  const all = [...names]
  if (all.length === 0) return 'nothing'
  const shown = all
    .slice(0, MAX_LISTED)
    .map((name) => `\`${name}\``)
    .join(', ')
  return all.length > MAX_LISTED ? `${shown} and ${all.length - MAX_LISTED} more` : shown
}

/** The end of a message about a name that does not exist: the one that was probably meant, or all there are. */
export function didYouMean(name: string, known: Iterable<string>, of: string): string {
  const names = [...known]
  const near = nearestName(name, names)
  if (near !== undefined) return `did you mean \`${near}\`?`
  return names.length === 0 ? `${of} has none.` : `${of} has ${listed(names)}.`
}
