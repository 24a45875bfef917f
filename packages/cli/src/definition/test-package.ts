import type { RecordingResult } from 'miniapp/package'
import { CliError } from '../cli-error.ts'
import { loadApp } from '../local/load-app.ts'
import type { Outcome } from '../outcome.ts'
import { findingDocument } from '../render/findings.ts'
import { renderTests, type TestedFile } from '../render/tests.ts'
import type { Shell } from '../shell.ts'
import { checkPackageSources } from './check-package.ts'
import { readPackage } from './read-package.ts'

/**
 * Runs the recorded tests beside a definition, offline. One that differs or cannot be read makes the outcome `failed`.
 *
 * @throws CliError where a file cannot be read, or there is no test
 */
export async function testPackage(argument: string, shell: Pick<Shell, 'directory'>): Promise<Outcome> {
  const loaded = await loadApp(argument, shell.directory)
  if (!loaded.ok) return loaded.outcome
  const { source } = loaded.app
  const { tests } = await readPackage(source, shell.directory)
  if (tests.length === 0) {
    throw new CliError('unreadable', `There is no recorded test beside ${source.name}.`, {
      next: ['A test is a JSON file in the folder tests beside the definition.'],
    })
  }
  const { checked, results } = await checkPackageSources(
    source,
    { samples: [], tests },
    { level: 'consistency' },
  )
  const files = tests.map(({ file, source: test }): TestedFile => {
    const result = results.find(({ recording }) => recording.file === file)
    const findings = checked.find((one) => one.source === test)?.findings ?? []
    return { source: test, outcome: result?.outcome ?? 'unreadable', result, findings }
  })
  const isGood = files.every(({ outcome }) => outcome === 'same' || outcome === 'live')
  return {
    exit: isGood ? 'ok' : 'failed',
    document: { ok: isGood, file: source.name, tests: files.map(testDocument) },
    text: (paint) => renderTests(files, paint),
  }
}

function testDocument({ source, outcome, result, findings }: TestedFile): object {
  return {
    file: source.name,
    outcome,
    ...(result && { differences: differencesOf(result) }),
    ...(outcome === 'unreadable' && { findings: findings.map(findingDocument) }),
  }
}

function differencesOf({ differences }: RecordingResult): object[] {
  return differences.map(({ pointer, message }) => ({ path: pointer, message }))
}
