import type { Finding } from './codes.ts'
import { credentialsAreProduced } from './credentials-are-produced.ts'
import { extensionsAreSpelledRight } from './extensions-are-spelled-right.ts'
import { functionsExist } from './functions-exist.ts'
import { functionsSeeNoCredentials } from './functions-see-no-credentials.ts'
import { functionsStayInTheSandbox } from './functions-stay-in-the-sandbox.ts'
import { handlersMatch } from './handlers-match.ts'
import { headersMayBeRead } from './headers-may-be-read.ts'
import { hostsEndInADomain } from './hosts-end-in-a-domain.ts'
import { listingFitsTheCard } from './listing-fits-the-card.ts'
import { namesAreUnique } from './names-are-unique.ts'
import { namesEqualNs } from './names-equal-ns.ts'
import { oauthIsComplete } from './oauth-is-complete.ts'
import { panelsRunActions } from './panels-run-actions.ts'
import { parametersAreJsonSchema } from './parameters-are-json-schema.ts'
import { pathsParse } from './paths-parse.ts'
import { placeholdersAreClosed } from './placeholders-are-closed.ts'
import { placeholdersResolve } from './placeholders-resolve.ts'
import { requiredParametersAreDeclared } from './required-parameters-are-declared.ts'
import { createRuleContext, type Rule } from './rule.ts'
import { secretsKeepTheirHost } from './secrets-keep-their-host.ts'
import { signaturesAreSound } from './signatures-are-sound.ts'
import { sourcesExist } from './sources-exist.ts'
import { createSurvey } from './survey.ts'
import { triggersCanFire } from './triggers-can-fire.ts'
import { urlsAreAbsolute } from './urls-are-absolute.ts'
import { webhookSecretIsDeclared } from './webhook-secret-is-declared.ts'

/** The rules of level 2, in the order of the document. */
const CONSISTENCY_RULES: readonly Rule[] = [
  namesEqualNs, // 1.1
  listingFitsTheCard, // 1.1
  oauthIsComplete, // 1.2, 3.1
  namesAreUnique, // 1.2
  parametersAreJsonSchema, // 4.1
  requiredParametersAreDeclared, // 4.1
  extensionsAreSpelledRight, // 4.1
  sourcesExist, // 1.2, 4.5
  functionsExist, // 1.2, 4.3
  functionsSeeNoCredentials, // 1.2, 4.3
  functionsStayInTheSandbox, // 4.3
  placeholdersAreClosed, // 2.1
  placeholdersResolve, // 1.2, 2.1
  credentialsAreProduced, // 1.2, 2.1
  urlsAreAbsolute, // 4.2
  secretsKeepTheirHost, // 1.2, 2.1
  hostsEndInADomain, // 1.2
  pathsParse, // 1.2, 2.2
  headersMayBeRead, // 1.2
  triggersCanFire, // 1.2, 1.3
  webhookSecretIsDeclared, // 1.2, 5.2
  signaturesAreSound, // 5.2
  handlersMatch, // 1.2, 6.5
  panelsRunActions, // 09
]

/** @param broken pointers of the values whose shape is wrong; what they hold is left out */
export function consistencyFindings(document: unknown, broken: readonly string[]): Finding[] {
  const { context, findings } = createRuleContext(createSurvey(document, broken))
  for (const rule of CONSISTENCY_RULES) rule(context)
  return findings
}
