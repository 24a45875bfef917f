import { z } from 'zod'

/**
 * Forms of text. `says` ends the sentence "`name` must be …"; it is the message of the finding and names an example.
 */
export function textLike(pattern: RegExp, says: string): z.ZodString {
  return z.string().regex(pattern, { error: says })
}

/** At least one character that is no white space. */
export const filledText = (): z.ZodString => textLike(/\S/, 'a text that is not empty')

export const identifier = (): z.ZodString =>
  textLike(
    /^[A-Za-z][A-Za-z0-9_]*$/,
    'a letter followed by letters, digits or underscores, such as `sendMessage`',
  )

/** Placeholders are allowed; what may stand where is checked by the rules. */
export const requestUrl = (): z.ZodString => filledText()

/** The name of an HTTP header (RFC 9110, 5.1: a token). */
export const headerName = (): z.ZodString =>
  textLike(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'the name of an HTTP header, such as `X-Signature`')

/** `https:`, or `http:` to this machine while developing (1.1). Checked without placeholders. */
export const httpsUrl = (): z.ZodString =>
  textLike(
    /^(https:\/\/[^\s/?#]+|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(?=[/?#]|$))\S*$/,
    'an `https:` URL, such as `https://cdn.example.com/icon.svg`',
  )

export const webUrl = (): z.ZodString =>
  textLike(/^https?:\/\/[^\s/?#]+\S*$/, 'a URL that starts with `https://`')

/** A path of 2.2; that it parses is checked by a rule, which can say at which character it does not. */
export const pathText = (): z.ZodString => filledText()

/** Semantic Versioning 2.0.0, the expression its specification suggests. */
export const semver = (): z.ZodString =>
  textLike(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/,
    'a semantic version, such as `1.0.0`',
  )
