import type { ValidationLevel } from 'miniapp'
import type { Outcome } from '../outcome.ts'
import {
  type CheckedSource,
  countBySeverity,
  findingDocument,
  renderFindings,
  summarise,
} from '../render/findings.ts'
import type { Shell } from '../shell.ts'
import { checkSource } from './check-source.ts'
import { readSource } from './read-source.ts'

/**
 * Checks each file. Findings of severity `error` make the outcome `failed`.
 *
 * @throws CliError where a file is missing or cannot be read; broken syntax is a finding
 */
export async function validateFiles(
  files: readonly string[],
  level: ValidationLevel,
  shell: Pick<Shell, 'directory'>,
): Promise<Outcome> {
  const checked: CheckedSource[] = []
  for (const file of files) {
    const source = await readSource(file, shell.directory)
    checked.push({ source, findings: await checkSource(source, level) })
  }
  const counts = countBySeverity(checked.flatMap(({ findings }) => findings))
  return {
    exit: counts.error > 0 ? 'failed' : 'ok',
    document: {
      ok: counts.error === 0,
      ...countsDocument(counts),
      files: checked.map(({ source, findings }) => ({
        file: source.name,
        ...countsDocument(countBySeverity(findings)),
        findings: findings.map(findingDocument),
      })),
    },
    text: (paint) => {
      const shown = checked.filter(({ findings }) => findings.length > 0)
      const summary = summarise(checked)
      const colour = counts.error > 0 ? paint.bad : counts.warning > 0 ? paint.doubtful : paint.good
      return [...shown.map((one) => renderFindings(one, paint)), colour(summary)].join('\n\n')
    },
  }
}

function countsDocument({ error, warning, info }: ReturnType<typeof countBySeverity>) {
  return { errors: error, warnings: warning, notes: info }
}
