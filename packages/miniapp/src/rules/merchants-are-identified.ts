import { DefinitionError } from '../expression/definition-error.ts'
import { under } from '../schema/pointer.ts'
import { persistedNames } from './installed-names.ts'
import type { Rule } from './rule.ts'

/** One webhook URL for all workspaces finds the install by its `uid`, which the provider itself must have said (5.5). */
export const merchantsAreIdentified: Rule = ({ survey, requests, report }) => {
  const { pointer, value: webhook } = survey.webhook
  const { userDetails } = survey.auth.single
  if (webhook?.merchantExtraction === undefined || !survey.isIntact('/auth')) return
  const site = requests.find((one) => one.pointer === userDetails.pointer)
  const url = site?.url
  const isLiteral =
    url !== undefined &&
    !(url instanceof DefinitionError) &&
    url.origin === undefined &&
    [...url.scheme, ...url.host, ...url.port].every((piece) => typeof piece === 'string')
  if (isLiteral && persistedNames(userDetails.value?.mapping).includes('uid')) return
  report(
    'merchant-not-identified',
    under(pointer, 'merchantExtraction'),
    'Deliveries of all workspaces are told apart by `uid`; add `auth.userDetails` with a literal host and `uid` in its mapping, or anybody could claim the events of somebody else.',
  )
}
