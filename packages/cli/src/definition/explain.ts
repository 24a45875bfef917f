import { type Explanation, exampleOf, FINDING_CODES, nearestName, type Severity } from 'miniapp'
import { CliError } from '../cli-error.ts'
import type { Outcome } from '../outcome.ts'
import type { Paint } from '../paint.ts'
import { indent } from '../render/indent.ts'
import { renderTable } from '../render/table.ts'
import type { PlacedFinding } from './check-source.ts'

interface Summary {
  severity: Severity
  summary: string
}

/** What keeps a file from being read as a document at all; examples of it are no definitions. */
const FILE_CODES = {
  syntax: {
    severity: 'error',
    summary: 'The file is no JSON, JSON with comments or YAML.',
    explanation:
      'Nothing can be checked before the file can be read. The place is where the parser gave up; what is wrong stands there or just before.',
  },
  module: {
    severity: 'error',
    summary: 'The module failed, or its default export is no definition.',
    explanation:
      'A module (.ts, .mjs, .js) is run, and its default export is the definition: `export default { … }`. What the module throws is shown as it is.',
  },
} as const satisfies Record<
  Exclude<PlacedFinding['code'], keyof typeof FINDING_CODES>,
  Summary & { explanation: string }
>

const CODES: Readonly<Record<string, Summary>> = { ...FILE_CODES, ...FINDING_CODES }

/** @throws CliError where there is no such code */
export async function explain(code: string): Promise<Outcome> {
  const found = Object.hasOwn(CODES, code) ? CODES[code] : undefined
  if (found === undefined) throw unknownCode(code)
  const { severity, summary } = found
  const { explanation, path, wrong, right } = await read(code)
  return {
    exit: 'ok',
    document: { code, severity, summary, explanation, path, wrong, right },
    text: (paint) =>
      [
        `${paint.strong(code)}  ${severity}`,
        `${summary} ${explanation}`,
        ...(wrong === undefined ? [] : [example(path ? `wrong, at ${path}` : 'wrong', wrong, paint)]),
        ...(right === undefined ? [] : [example('right', right, paint)]),
      ].join('\n\n'),
  }
}

/** Every code with its summary. */
export function listCodes(): Outcome {
  const codes = Object.entries(CODES).map(([code, { severity, summary }]) => ({ code, severity, summary }))
  return {
    exit: 'ok',
    document: { codes },
    text: (paint) =>
      renderTable(
        ['code', 'severity', 'meaning'],
        codes.map(({ code, severity, summary }) => [code, severity, summary]),
        paint,
      ),
  }
}

/** @param code one of `CODES` */
async function read(code: string): Promise<Partial<Explanation> & Pick<Explanation, 'explanation'>> {
  if (Object.hasOwn(FILE_CODES, code)) return FILE_CODES[code as keyof typeof FILE_CODES]
  const { default: explanation } = await import(`miniapp/findings/${code}.json`, { with: { type: 'json' } })
  return explanation
}

function example(title: string, change: Explanation['wrong'], paint: Paint): string {
  const { text, removed } = exampleOf(change)
  const lines = [
    ...(text === '{}' ? [] : [text]),
    ...(removed.length === 0 ? [] : [`without ${removed.join(' and ')}`]),
  ]
  return [paint.faint(title), ...lines.map((line) => indent(line))].join('\n')
}

function unknownCode(code: string): CliError {
  const near = nearestName(code, Object.keys(CODES))
  const next = near === undefined ? 'miniapps explain lists all codes' : `miniapps explain ${near}`
  return new CliError('usage', `There is no finding "${code}".`, { next: [next] })
}
