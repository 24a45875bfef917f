import { CATEGORIES, nearestName } from 'miniapp/validate'
import { CliError } from '../cli-error.ts'
import { FORMATS, type Format } from './definition-text.ts'
import type { Identity } from './package-files.ts'
import { TEMPLATES, type TemplateName } from './template.ts'

/** What the command line was given; absent is asked, or takes the default. */
export interface Given {
  folder?: string
  ns?: string
  title?: string
  category?: string
  template?: string
  format?: string
}

const MAX_NS_CHARACTERS = 64
const NS = new RegExp(`^(?=.{2,${MAX_NS_CHARACTERS}}$)[a-z0-9]+(-[a-z0-9]+)*$`)

/** What is sensible where nobody says otherwise. */
const CATEGORY_OF = {
  'api-key': 'productivity',
  oauth: 'productivity',
  commerce: 'ecommerce',
  messaging: 'communication',
} as const satisfies Record<TemplateName, (typeof CATEGORIES)[number]>

export const DEFAULT_TEMPLATE: TemplateName = 'api-key'
export const DEFAULT_FORMAT: Format = 'json'

/** The words of a title or of a folder's name, as a namespace; empty where it has no letters that fit. */
export function nsFrom(text: string): string {
  const words =
    text
      .normalize('NFKD')
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? []
  return words.join('-').slice(0, MAX_NS_CHARACTERS).replace(/-$/, '')
}

/** `my-service` → `My Service`. */
export function titleFrom(ns: string): string {
  return ns
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}

/** Why a text cannot be a namespace; nothing where it can. */
export function nsFault(ns: string): string | undefined {
  if (NS.test(ns)) return undefined
  return `A namespace has 2 to ${MAX_NS_CHARACTERS} characters: lower-case words joined by hyphens, such as my-service.`
}

/** Characters of a title: what fits on a card of the marketplace (specification 1.1). */
const MAX_TITLE_CHARACTERS = 80

export function titleFault(title: string): string | undefined {
  if (title.trim() !== '' && title.length <= MAX_TITLE_CHARACTERS) return undefined
  return `A title has 1 to ${MAX_TITLE_CHARACTERS} characters.`
}

export function categoryFor(template: TemplateName): string {
  return CATEGORY_OF[template]
}

/** @throws CliError where something given cannot be used, or neither folder nor namespace is given */
export function completeIdentity(given: Given): Identity {
  const { ns: namespace = nsFrom(given.folder?.split(/[\\/]/).at(-1) ?? given.title ?? '') } = given
  if (namespace === '' && given.ns === undefined) {
    throw new CliError('usage', 'A new package needs a folder or a namespace.', {
      next: ['miniapps init my-service'],
    })
  }
  const template = oneOf(
    'template',
    given.template ?? DEFAULT_TEMPLATE,
    Object.keys(TEMPLATES) as TemplateName[],
  )
  const title = given.title ?? titleFrom(namespace)
  const fault = nsFault(namespace) ?? titleFault(title)
  if (fault !== undefined) {
    throw new CliError('usage', fault, {
      next: ['miniapps init my-service --ns my-service --title "My Service"'],
    })
  }
  return {
    ns: namespace,
    title,
    template,
    category: oneOf('category', given.category ?? categoryFor(template), CATEGORIES),
    format: oneOf('format', given.format ?? DEFAULT_FORMAT, Object.keys(FORMATS) as Format[]),
  }
}

function oneOf<Name extends string>(what: string, value: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === value)
  if (found !== undefined) return found
  const near = nearestName(value, names)
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  throw new CliError('usage', `There is no ${what} "${value}".${hint}`, {
    next: [`--${what} is one of ${names.join(', ')}`],
  })
}
