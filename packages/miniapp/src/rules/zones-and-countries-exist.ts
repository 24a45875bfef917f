import { zoneOffset } from '../expression/date.ts'
import { under } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import { PHONE_COUNTRIES } from './phone-countries.ts'
import type { Rule } from './rule.ts'

/** Time zones are those of IANA or offsets (2.4, 6.1), countries those that have a calling code (2.4). */
export const zonesAndCountriesExist: Rule = ({ survey, mapping, report }) => {
  const checkZone = (pointer: string, zone: unknown) => {
    if (typeof zone !== 'string' || zoneOffset(zone) !== undefined) return
    report(
      'unknown-time-zone',
      pointer,
      `\`${zone}\` is no time zone; write a name of IANA such as \`Asia/Riyadh\`, or \`UTC\`.`,
    )
  }
  for (const { pointer, rule } of mapping.rules) {
    checkZone(under(pointer, 'timezone'), rule.timezone)
    const country = rule.country?.toUpperCase()
    if (country === undefined || PHONE_COUNTRIES.split(' ').includes(country)) continue
    report(
      'unknown-country',
      under(pointer, 'country'),
      `\`${rule.country}\` is no country with a calling code; write two letters of ISO 3166-1, such as \`SA\` or \`GB\`.`,
    )
  }
  const { pointer, value: sync } = survey.sync
  checkZone(
    under(pointer, 'syncConfiguration', 'schedule', 'timezone'),
    childValue(sync?.syncConfiguration?.schedule, 'timezone'),
  )
}
