/** `finding-codes.md`: every finding with its explanation and examples, from `packages/miniapp/findings`. */
import { readFileSync } from 'node:fs'
import {
  type Explanation,
  exampleOf,
  FINDING_CODES,
  type FindingCode,
} from '../packages/miniapp/src/index.ts'
import { code, codeBlock, page, table } from './generate-markdown.ts'

const FOLDER = new URL('../packages/miniapp/findings/', import.meta.url)

/** Titles by the first code of each group, in the order of the table. */
const GROUPS: Partial<Record<FindingCode, string>> = {
  'not-json': 'Shape',
  'name-differs-from-ns': 'Identity and listing',
  'duplicate-action-name': 'Actions, sources and functions',
  'malformed-placeholder': 'Placeholders and requests',
  'malformed-path': 'Paths and mapping',
  'oauth-incomplete': 'Auth',
  'wrong-trigger-type': 'Triggers, webhook and sync',
  'sample-event-differs': 'Samples and recorded tests',
}

const INTRODUCTION = [
  'What validation can say about a definition. Each finding also has a JSON Pointer to its place and a message that ' +
    'says what would be right. An `error` keeps a definition from being registered; a `warning` or an `info` does not. ' +
    'The codes are stable; the messages are not. `miniapps explain CODE` shows the same as this page.',
  'The examples are parts of one definition, and of its lists only the elements that matter are shown. They are run as ' +
    'tests: the wrong one is found, in the right one nothing is.',
]

export function findingCodesPage(): string {
  const codes = Object.keys(FINDING_CODES) as FindingCode[]
  const rows = codes.map((name) => [
    `[${code(name)}](#${name})`,
    severityOf(name),
    FINDING_CODES[name].summary,
  ])
  return page('Finding codes', 'packages/miniapp/src/rules/codes.ts and packages/miniapp/findings', [
    ...INTRODUCTION,
    table(['code', 'severity', 'meaning'], rows),
    ...codes.flatMap((name) => [...(GROUPS[name] ? [`## ${GROUPS[name]}`] : []), ...section(name)]),
  ])
}

function severityOf(name: FindingCode): string {
  const { severity, ...weight } = FINDING_CODES[name]
  return 'atSubmission' in weight ? `${severity}; ${weight.atSubmission} at level \`submission\`` : severity
}

function section(name: FindingCode): string[] {
  const { explanation, wrong, right, path, level } = JSON.parse(
    readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'),
  ) as Explanation
  const { summary } = FINDING_CODES[name]
  const where = path ? `, reported at ${code(path)}` : ''
  return [
    `### ${name}`,
    `**${severityOf(name)}**${level === 'submission' ? ', at submission' : ''}: ${summary} ${explanation}`,
    `Wrong${where}:`,
    ...example(wrong),
    'Right:',
    ...example(right),
  ]
}

function example(change: Explanation['wrong']): string[] {
  const { language, text, removed } = exampleOf(change)
  return [
    ...(text === '{}' ? [] : [codeBlock(language, text)]),
    ...(removed.length === 0 ? [] : [`Without ${removed.map(code).join(' and ')}.`]),
  ]
}
