import { type NumberingPlan, numberingPlanOf } from './phone-numbering.ts'

/** E.164: at most fifteen digits; the shortest numbers in use have seven with their calling code. */
const E164 = /^\+[1-9]\d{6,14}$/

const FORMATTING = /[\s\-./()\u200e\u200f\u202a-\u202e\u2010-\u2015\u2066-\u2069]/g
const OPTIONAL_TRUNK = /\(0\)/g
/** Arabic-Indic, Persian and full-width digits: the low four bits of each code point are its digit. */
const OTHER_DIGITS = /[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]/g
const LOW_DIGIT_BITS = 0xf

/**
 * A phone number in E.164, or `undefined` where the text is none.
 *
 * Numbers with `+` or an international prefix (`00`, in countries with calling code 1 also `011`) are checked for
 * length only. Other numbers are national ones of `country` (upper-case ISO 3166-1 code): the trunk prefix is removed and
 * the rest must fit the country's numbering plan; digits that fit only with the country's own calling code in front
 * (`966501234567`) are taken as such. Without `country` they stay national: their digits alone.
 *
 * Limits: extensions and letters are no phone number; prefixes that choose a carrier (Brazil, Colombia), Argentina's
 * `15` and Mexico's old `01`, `044` and `1` are not rewritten; seven-digit local numbers without area code are refused.
 */
export function toE164(text: string, country?: string): string | undefined {
  const dialled = dialledDigits(text)
  if (!/^\+?\d+$/.test(dialled)) return undefined
  const plan = country === undefined ? undefined : numberingPlanOf(country)
  const international = withPlus(dialled, plan)
  if (international !== undefined) return E164.test(international) ? international : undefined
  if (plan === undefined) return dialled
  const national = nationalNumber(dialled, plan)
  return national === undefined ? undefined : `+${plan.callingCode}${national}`
}

/** Without formatting, in ASCII digits; `+44 (0)20 …` loses the zero that is not dialled from abroad. */
function dialledDigits(text: string): string {
  const ascii = text
    .trim()
    .replace(/^tel:/i, '')
    .replace(/^\uff0b/, '+')
    .replace(OTHER_DIGITS, (digit) => String(digit.charCodeAt(0) & LOW_DIGIT_BITS))
  const marked = /^(?:\+|00)/.test(ascii.trimStart()) ? ascii.replace(OPTIONAL_TRUNK, '') : ascii
  return marked.replace(FORMATTING, '')
}

function withPlus(dialled: string, plan: NumberingPlan | undefined): string | undefined {
  if (dialled.startsWith('+')) return dialled
  if (dialled.startsWith('00')) return `+${dialled.slice(2)}`
  return plan?.callingCode === '1' && dialled.startsWith('011') ? `+${dialled.slice(3)}` : undefined
}

function nationalNumber(
  dialled: string,
  { callingCode, trunkPrefix, national }: NumberingPlan,
): string | undefined {
  const withoutTrunk = (digits: string) =>
    digits.startsWith(trunkPrefix) ? digits.slice(trunkPrefix.length) : digits
  const candidates = [withoutTrunk(dialled), dialled]
  if (dialled.startsWith(callingCode)) {
    const rest = dialled.slice(callingCode.length)
    candidates.push(withoutTrunk(rest), rest)
  }
  return candidates.find((candidate) => national.test(candidate))
}
