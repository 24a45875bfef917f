import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** Each imported record has a `code`, its stable id at the provider (6.6); a customer may be known by address instead (5.5). */
export const recordsHaveACode: Rule = ({ survey, report }) => {
  const { pointer, value: sync } = survey.sync
  for (const [key, { apiMapping }] of Object.entries(sync?.resources ?? {})) {
    if (Object.hasOwn(apiMapping, 'code')) continue
    report(
      'record-without-code',
      under(pointer, 'resources', key, 'apiMapping'),
      'No record could be stored, because nothing tells one from another; map `code`, such as `"code": "id"`.',
    )
  }
  const customer = survey.webhook.value?.customerExtraction
  if (customer === undefined) return
  const mappings = [
    customer.mapping,
    ...Object.values(customer.overrides ?? {}).map(({ mapping }) => mapping ?? {}),
  ]
  const isKnown = mappings.some((mapping) =>
    ['code', 'primaryEmail', 'primaryPhone'].some((name) => Object.hasOwn(mapping, name)),
  )
  if (isKnown) return
  report(
    'customer-without-identity',
    under(survey.webhook.pointer, 'customerExtraction', 'mapping'),
    'No customer could be found or made; map `code`, `primaryEmail` or `primaryPhone`.',
  )
}
