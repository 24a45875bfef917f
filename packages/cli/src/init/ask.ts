import { type CommonOptions, isCancel, select, text } from '@clack/prompts'
import { CATEGORIES } from 'miniapp/validate'
import { CliError } from '../cli-error.ts'
import { FORMATS } from './definition-text.ts'
import {
  categoryFor,
  DEFAULT_FORMAT,
  DEFAULT_TEMPLATE,
  type Given,
  nsFault,
  nsFrom,
  titleFault,
  titleFrom,
} from './identity.ts'
import { TEMPLATES, type TemplateName } from './template.ts'

/**
 * Asks for what was not given, with an answer that Enter accepts.
 *
 * @param streams where the questions are shown and answered
 * @throws CliError where they are broken off
 */
export async function ask(given: Given, streams: CommonOptions): Promise<Given> {
  const folderNs = nsFrom(given.folder?.split(/[\\/]/).at(-1) ?? '')
  const title =
    given.title ??
    (await askText('What is the service called?', titleFrom(given.ns ?? folderNs), titleFault, streams))
  const ns =
    given.ns ??
    (await askText(
      'Namespace; it never changes once registered',
      folderNs || nsFrom(title),
      nsFault,
      streams,
    ))
  const template =
    given.template ?? (await askOne('Begin with', listOf(TEMPLATES), DEFAULT_TEMPLATE, streams))
  const categories = CATEGORIES.map((value) => ({ value: String(value), label: value }))
  const usual = template in TEMPLATES ? categoryFor(template as TemplateName) : CATEGORIES[0]
  const category = given.category ?? (await askOne('Category', categories, usual, streams))
  const formats = Object.entries(FORMATS).map(([value, hint]) => ({ value, label: value, hint }))
  const format = given.format ?? (await askOne('Written in', formats, DEFAULT_FORMAT, streams))
  return { ...given, folder: given.folder ?? ns, ns, title, template, category, format }
}

function listOf(templates: Record<string, { summary: string }>) {
  return Object.entries(templates).map(([value, { summary }]) => ({ value, label: value, hint: summary }))
}

async function askText(
  message: string,
  usual: string,
  fault: (text: string) => string | undefined,
  streams: CommonOptions,
): Promise<string> {
  const answer = await text({
    ...streams,
    message,
    ...(usual === '' ? {} : { placeholder: usual, defaultValue: usual }),
    validate: (value) => fault(value || usual),
  })
  return taken(answer)
}

async function askOne(
  message: string,
  options: { value: string; label: string; hint?: string }[],
  initialValue: string,
  streams: CommonOptions,
): Promise<string> {
  return taken(await select({ ...streams, message, options, initialValue }))
}

function taken(answer: string | symbol): string {
  if (isCancel(answer) || typeof answer === 'symbol')
    throw new CliError('usage', 'Broken off; nothing was written.')
  return answer
}
