import type { Definition } from '../document.ts'
import { type RequestSite, requestSites } from '../rules/request-sites.ts'
import { createScopes, type Scopes } from '../rules/scopes.ts'
import { createSurvey } from '../rules/survey.ts'

/** Every request that a version can make, with what its placeholders can read. */
export function requestsOf(definition: Definition): { requests: RequestSite[]; scopes: Scopes } {
  const survey = createSurvey(definition, [])
  const scopes = createScopes(survey)
  return { requests: requestSites(survey, scopes), scopes }
}
