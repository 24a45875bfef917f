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

/** `{{` opens a placeholder that `}}` closes, with a key between. */
export const placeholdersAreClosed: Rule = ({ survey, report }) => {
  const visit = (value: unknown, pointer: string, isTemplate: boolean): void => {
    if (typeof value === 'string') {
      if (isTemplate && hasStrayOpening(value)) {
        report(
          'malformed-placeholder',
          pointer,
          'A `{{` here opens no placeholder and would be sent as it is; close it with `}}` around a key, such as `{{name}}`.',
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

function hasStrayOpening(text: string): boolean {
  return parsePlaceholders(text).some((part) => typeof part === 'string' && part.includes('{{'))
}
