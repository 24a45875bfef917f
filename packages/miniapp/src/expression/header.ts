import { MiniAppError } from '../errors.ts'
import { under } from '../schema/pointer.ts'
import { objectBuilder } from './own.ts'
import type { Scopes } from './scope.ts'
import {
  type CompiledText,
  compileText,
  type EncodeValue,
  type PlaceholderRef,
  refuse,
  type TemplateSite,
  textOf,
} from './template.ts'

export interface CompiledHeaders {
  readonly placeholders: readonly PlaceholderRef[]
  /** Lower-case names of the headers whose template holds a `[[key]]`. */
  readonly credentialHeaders: readonly string[]
  /**
   * Header values as they go onto the wire, names as the definition spells them. A header whose whole value does not
   * resolve or is `null` is left out.
   *
   * @throws MiniAppError `NOT_CONFIGURED` for a `[[key]]` without a value, `VALIDATION_ERROR` for a value that a header
   *   cannot carry.
   */
  render(scopes: Scopes): Record<string, string>
}

/** Would end the header and start another (RFC 9110 5.5). */
const LINE_BREAKS = /[\r\n\0]/

/** What a field value may hold besides (RFC 9110 5.5): tab, visible ASCII and Latin-1 bytes. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Compiles request headers (specification 2.1), Basic pairs included. */
export function compileHeaders(headers: Readonly<Record<string, string>>, pointer: string): CompiledHeaders {
  const names = Object.keys(headers)
  const texts = names.map((name) => {
    const site: TemplateSite = {
      pointer: under(pointer, name),
      place: 'header',
      where: `the header "${name}"`,
    }
    return { name, site, text: compileText(headers[name] as string, site, refuseLineBreaks(site)) }
  })
  return {
    placeholders: texts.flatMap(({ text }) => text.placeholders),
    credentialHeaders: texts
      .filter(({ text }) => holdsCredential(text))
      .map(({ name }) => name.toLowerCase()),
    render: objectBuilder<Scopes>(names, texts.map(compileHeader)) as (
      scopes: Scopes,
    ) => Record<string, string>,
  }
}

function holdsCredential(text: CompiledText): boolean {
  return text.placeholders.some((placeholder) => placeholder.syntax === 'credential')
}

function refuseLineBreaks(site: TemplateSite): EncodeValue {
  return (text, placeholder) => {
    if (LINE_BREAKS.test(text))
      throw refuse(placeholder, site, 'holds a line break or NUL, which would end the header')
    return text
  }
}

interface Header {
  name: string
  site: TemplateSite
  text: CompiledText
}

function compileHeader({ name, site, text }: Header): (scopes: Scopes) => string | undefined {
  const finish = name.toLowerCase() === 'authorization' ? encodeBasicPair : (value: string) => value
  const check = (value: string): string => {
    if (FIELD_VALUE.test(value)) return value
    throw new MiniAppError(
      'VALIDATION_ERROR',
      `${site.where} would hold a character that no header can carry`,
      { path: site.pointer },
    )
  }
  const { constant, whole } = text
  if (constant !== undefined) {
    const value = finish(constant)
    return () => check(value)
  }
  if (whole === undefined) return (scopes) => check(finish(text.text(scopes)))
  const encode = refuseLineBreaks(site)
  const placeholder = text.placeholders[0] as PlaceholderRef
  return (scopes) => {
    const value = whole(scopes)
    return value === undefined || value === null
      ? undefined
      : check(finish(encode(textOf(value), placeholder)))
  }
}

const BASIC = /^(basic) +(.*:.*)$/is

/**
 * `Basic user:password` → `Basic base64(utf8(user:password))` (RFC 7617). A value without `:` is taken to be encoded
 * already; other schemes pass through.
 */
export function encodeBasicPair(value: string): string {
  const pair = BASIC.exec(value)
  return pair ? `${pair[1]} ${base64(pair[2] as string)}` : value
}

/** Of the UTF-8 bytes; in browsers too. */
function base64(text: string): string {
  const bytes = new TextEncoder().encode(text)
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
