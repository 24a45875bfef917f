import { actionsAreDescribed } from './actions-are-described.ts'
import { appSecretsKeepTheirHost } from './app-secrets-keep-their-host.ts'
import { authPartsFitTheType } from './auth-parts-fit-the-type.ts'
import { bodiesAreSent } from './bodies-are-sent.ts'
import type { Finding } from './codes.ts'
import { commerceIsSynced } from './commerce-is-synced.ts'
import { contentTypesAreSpelledRight } from './content-types-are-spelled-right.ts'
import { credentialsAreProduced } from './credentials-are-produced.ts'
import { defaultsAreAllowed } from './defaults-are-allowed.ts'
import { deliveriesAreToldApart } from './deliveries-are-told-apart.ts'
import { descriptionGuides } from './description-guides.ts'
import { detailsAreRead } from './details-are-read.ts'
import { encodingsMatch } from './encodings-match.ts'
import { eventsAreNamed } from './events-are-named.ts'
import { eventsAreSpelledAlike } from './events-are-spelled-alike.ts'
import { extensionsAreSpelledRight } from './extensions-are-spelled-right.ts'
import { extensionsHaveASource } from './extensions-have-a-source.ts'
import { fieldsAreSpelledRight } from './fields-are-spelled-right.ts'
import { formPatternsAreUsable } from './form-patterns-are-usable.ts'
import { functionsExist } from './functions-exist.ts'
import { functionsParse } from './functions-parse.ts'
import { functionsSeeNoCredentials } from './functions-see-no-credentials.ts'
import { functionsStayInTheSandbox } from './functions-stay-in-the-sandbox.ts'
import { handlersMatch } from './handlers-match.ts'
import { headersMayBeRead } from './headers-may-be-read.ts'
import { headersStayOnOneLine } from './headers-stay-on-one-line.ts'
import { hostsEndInADomain } from './hosts-end-in-a-domain.ts'
import { iconsExist } from './icons-exist.ts'
import { keysFitTheAlgorithm } from './keys-fit-the-algorithm.ts'
import { keywordsAreKnown } from './keywords-are-known.ts'
import { listingFitsTheCard } from './listing-fits-the-card.ts'
import { literalsAreMeant } from './literals-are-meant.ts'
import { mapsLeadToTriggers } from './maps-lead-to-triggers.ts'
import { merchantsAreIdentified } from './merchants-are-identified.ts'
import { namesAreUnique } from './names-are-unique.ts'
import { namesEqualNs } from './names-equal-ns.ts'
import { noLiveSecrets } from './no-live-secrets.ts'
import { oauthIsComplete } from './oauth-is-complete.ts'
import { operatorDecides } from './operator-decides.ts'
import { panelsAreToldApart } from './panels-are-told-apart.ts'
import { panelsRunActions } from './panels-run-actions.ts'
import { parametersAreJsonSchema } from './parameters-are-json-schema.ts'
import { partsAreUsed } from './parts-are-used.ts'
import { pathParametersAreBounded } from './path-parameters-are-bounded.ts'
import { pathsParse } from './paths-parse.ts'
import { placeholdersAreClosed } from './placeholders-are-closed.ts'
import { placeholdersAreOurs } from './placeholders-are-ours.ts'
import { placeholdersResolve } from './placeholders-resolve.ts'
import { recordsHaveACode } from './records-have-a-code.ts'
import { referencesResolve } from './references-resolve.ts'
import { requestPartsStayOutsideTheBody } from './request-parts-stay-outside-the-body.ts'
import { requiredParametersAreDeclared } from './required-parameters-are-declared.ts'
import { createRuleContext, type Judgement, type Rule } from './rule.ts'
import { samplesAreEvents } from './samples-are-events.ts'
import { schedulesCanBeRead } from './schedules-can-be-read.ts'
import { secretsAreListed } from './secrets-are-listed.ts'
import { secretsKeepTheirHost } from './secrets-keep-their-host.ts'
import { signaturesAreSound } from './signatures-are-sound.ts'
import { signedPartsAreKnown } from './signed-parts-are-known.ts'
import { sourcesExist } from './sources-exist.ts'
import { sourcesHaveAFallback } from './sources-have-a-fallback.ts'
import { stepsCanRun } from './steps-can-run.ts'
import { createSurvey } from './survey.ts'
import { triggersCanFire } from './triggers-can-fire.ts'
import { updatesAreToldApart } from './updates-are-told-apart.ts'
import { urlsAreAbsolute } from './urls-are-absolute.ts'
import { urlsAreHttps } from './urls-are-https.ts'
import { webhookSecretIsDeclared } from './webhook-secret-is-declared.ts'
import { webhookSecretsAreOverrides } from './webhook-secrets-are-overrides.ts'
import { webhooksAreVerified } from './webhooks-are-verified.ts'
import { zonesAndCountriesExist } from './zones-and-countries-exist.ts'

/** The rules of level 2, in the order of the document. */
const CONSISTENCY_RULES: readonly Rule[] = [
  namesEqualNs, // 1.1
  listingFitsTheCard, // 1.1
  oauthIsComplete, // 1.2, 3.1
  authPartsFitTheType, // 3.1
  formPatternsAreUsable, // 3.1
  namesAreUnique, // 1.2
  parametersAreJsonSchema, // 4.1
  referencesResolve, // 4.1
  requiredParametersAreDeclared, // 4.1
  keywordsAreKnown, // 4.1
  extensionsAreSpelledRight, // 4.1
  extensionsHaveASource, // 4.1
  defaultsAreAllowed, // 3.1, 4.1
  sourcesExist, // 1.2, 4.5
  functionsExist, // 1.2, 4.3
  functionsParse, // 4.3
  functionsSeeNoCredentials, // 1.2, 4.3
  functionsStayInTheSandbox, // 4.3
  stepsCanRun, // 4.2
  placeholdersAreClosed, // 2.1
  placeholdersAreOurs, // 2.1
  placeholdersResolve, // 1.2, 2.1
  credentialsAreProduced, // 1.2, 2.1
  urlsAreAbsolute, // 4.2
  bodiesAreSent, // 4.2, 6.3
  encodingsMatch, // 4.2
  headersStayOnOneLine, // 2.1, 4.2
  requestPartsStayOutsideTheBody, // 4.2
  secretsKeepTheirHost, // 1.2, 2.1
  hostsEndInADomain, // 1.2
  literalsAreMeant, // 2.3
  pathsParse, // 1.2, 2.2
  zonesAndCountriesExist, // 2.4, 6.1
  headersMayBeRead, // 1.2
  triggersCanFire, // 1.2, 1.3
  samplesAreEvents, // 1.2, 1.3, 5.3
  iconsExist, // 1.3
  webhookSecretIsDeclared, // 1.2, 5.2
  eventsAreNamed, // 5.3
  mapsLeadToTriggers, // 5.3
  eventsAreSpelledAlike, // 5.3, 5.4
  signaturesAreSound, // 5.2
  signedPartsAreKnown, // 5.2
  keysFitTheAlgorithm, // 5.2
  updatesAreToldApart, // 1.2, 5.4
  merchantsAreIdentified, // 5.5
  contentTypesAreSpelledRight, // 6.2
  handlersMatch, // 1.2, 6.5
  detailsAreRead, // 6.2
  recordsHaveACode, // 5.5, 6.6
  fieldsAreSpelledRight, // 5.5, 6.6
  schedulesCanBeRead, // 6.1
  panelsRunActions, // 09
  panelsAreToldApart, // 09
]

/** The rules that level 3 adds: what the intake of submissions rejects or questions. */
const SUBMISSION_RULES: readonly Rule[] = [
  operatorDecides, // 1.1
  descriptionGuides, // 1.1
  actionsAreDescribed, // 1.2, 4.1
  sourcesHaveAFallback, // 1.2, 4.1
  pathParametersAreBounded, // 1.2
  partsAreUsed, // 4.3, 4.5
  urlsAreHttps, // 1.1, 1.2
  secretsAreListed, // 1.2
  noLiveSecrets, // 1.2
  appSecretsKeepTheirHost, // 1.2
  webhookSecretsAreOverrides, // 1.2
  webhooksAreVerified, // 1.2, 5.2
  deliveriesAreToldApart, // 1.2, 5.4
  commerceIsSynced, // 1.2
]

/** @param broken pointers of the values whose shape is wrong; what they hold is left out */
export function ruleFindings(document: unknown, broken: readonly string[], judgement: Judgement): Finding[] {
  const { context, findings } = createRuleContext(createSurvey(document, broken), judgement)
  const rules =
    judgement.level === 'submission' ? [...CONSISTENCY_RULES, ...SUBMISSION_RULES] : CONSISTENCY_RULES
  for (const rule of rules) rule(context)
  return findings
}
