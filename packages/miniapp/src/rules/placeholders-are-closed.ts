import { parsePlaceholders } from '../expression/template.ts'
import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** Sections whose strings are templates; elsewhere, and in code, brackets mean nothing. */
const TEMPLATE_SECTIONS = ['/auth', '/source', '/sync']
const TEMPLATE_KEYS = new Set([
  'url',
  'headers',
  'queryParams',
  'body',
  'args',
  'auth_url',
  'baseUrl',
  'items',
])

/** `{{` and `[[` open placeholders that `}}` and `]]` close, with a key between. */
export const placeholdersAreClosed: Rule = ({ survey, report }) => {
  const visit = (value: unknown, pointer: string, isTemplate: boolean): void => {
    if (typeof value === 'string') {
      const stray = isTemplate ? strayOpening(value) : undefined
      if (stray !== undefined) {
        const [open, close] = stray === '{{' ? ['{{', '}}'] : ['[[', ']]']
        report(
          'malformed-placeholder',
          pointer,
          `A \`${open}\` here opens no placeholder and would be sent as it is; close it with \`${close}\` around a key, such as \`${open}name${close}\`.`,
        )
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value))
        visit(child, under(pointer, key), isTemplate || TEMPLATE_KEYS.has(key))
    }
  }
  for (const section of TEMPLATE_SECTIONS) visit(survey.document[section.slice(1)], section, false)
  for (const { steps } of survey.actions) {
    for (const { pointer, value } of steps) visit(value, pointer, false)
  }
}

function strayOpening(text: string): '{{' | '[[' | undefined {
  const literals = parsePlaceholders(text).filter((part) => typeof part === 'string')
  if (literals.some((part) => part.includes('{{'))) return '{{'
  return literals.some((part) => STRAY_CREDENTIAL.test(part)) ? '[[' : undefined
}

/** Nothing, or a key that is not closed, after `[[`; lists inside lists of JSON (`[["a"], [1]]`) are none. */
const STRAY_CREDENTIAL = /\[\[\s*(?:\]|[A-Za-z_$][\w.$]*\s*(?:\](?!\])|[}:/&;@?#]|$))/
