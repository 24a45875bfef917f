import type { Outcome } from '../outcome.ts'
import {
  type CheckedSource,
  countBySeverity,
  findingDocument,
  renderFindings,
  summarise,
} from '../render/findings.ts'
import type { Shell } from '../shell.ts'
import { checkSource, type Judgement } from './check-source.ts'
import { readPackage } from './read-package.ts'
import { readSource, type Source } from './read-source.ts'

/**
 * Checks each file. Findings of severity `error` make the outcome `failed`.
 *
 * @throws CliError where a file is missing or cannot be read; broken syntax is a finding
 */
export async function validateFiles(
  files: readonly string[],
  judgement: Judgement,
  shell: Pick<Shell, 'directory'>,
): Promise<Outcome> {
  const checked: CheckedSource[] = []
  for (const file of files) {
    const source = await readSource(file, shell.directory)
    checked.push(...(await checkWithPackage(source, judgement, shell.directory)))
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
      const more = shown.length === 0 ? '' : paint.faint(' More: miniapps explain CODE')
      return [...shown.map((one) => renderFindings(one, paint)), colour(summary) + more].join('\n\n')
    },
  }
}

/** A submission is checked with the samples and recorded tests beside it, each of which is a file of its own. */
async function checkWithPackage(
  source: Source,
  judgement: Judgement,
  directory: string,
): Promise<CheckedSource[]> {
  if (judgement.level === 'submission') {
    const beside = await readPackage(source, directory)
    if (beside.samples.length + beside.tests.length > 0) {
      const { checkPackageSources } = await import('./check-package.ts')
      return (await checkPackageSources(source, beside, judgement)).checked
    }
  }
  return [{ source, findings: await checkSource(source, judgement) }]
}

function countsDocument({ error, warning, info }: ReturnType<typeof countBySeverity>) {
  return { errors: error, warnings: warning, notes: info }
}
