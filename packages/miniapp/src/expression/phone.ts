import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min'

const FORMATTING = /[\s\-./()\u200e\u200f\u202a-\u202e\u2010-\u2015\u2066-\u2069]/g
/** Arabic-Indic, Persian and full-width digits: the low four bits of each code point are its digit. */
const OTHER_DIGITS = /[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]/g
const LOW_DIGIT_BITS = 0xf
/** Longer texts are no phone number; what parses them is not asked. */
const MAX_TEXT_CHARACTERS = 64
const INTERNATIONAL_PREFIX = /^00/

/** Whether numbers of this ISO 3166-1 country, in upper case, can be read. */
export function isPhoneCountry(country: string): country is CountryCode {
  return isSupportedCountry(country)
}

/**
 * A phone number in E.164, or `undefined` where the text is none of a possible length.
 *
 * Numbers with `+` or `00` are international. Others are national ones of `country` (upper-case ISO 3166-1 code); without
 * `country` they stay national: their digits alone. Numbers with an extension are refused, because E.164 has no place
 * for it. The numbering plans are those of the library: lengths are checked, not whether a number is in use.
 */
export function toE164(text: string, country?: string): string | undefined {
  if (text.length > MAX_TEXT_CHARACTERS) return undefined
  const dialled = inAscii(text)
  const isInternational = dialled.startsWith('+') || INTERNATIONAL_PREFIX.test(dialled)
  const plan = country !== undefined && isPhoneCountry(country) ? country : undefined
  if (!isInternational && plan === undefined) return nationalDigits(dialled)
  const parsed = parsePhoneNumberFromString(dialled.replace(INTERNATIONAL_PREFIX, '+'), {
    ...(plan && { defaultCountry: plan }),
    extract: false,
  })
  return parsed?.isPossible() && parsed.ext === undefined ? parsed.number : undefined
}

function inAscii(text: string): string {
  return text
    .trim()
    .replace(/^tel:/i, '')
    .replace(/^\uff0b/, '+')
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(OTHER_DIGITS, (digit) => String(digit.charCodeAt(0) & LOW_DIGIT_BITS))
}

function nationalDigits(dialled: string): string | undefined {
  const digits = dialled.replace(FORMATTING, '')
  return /^\d+$/.test(digits) ? digits : undefined
}
