import type { CompiledDefinition, Definition } from 'miniapp'
import { checkSource } from '../definition/check-source.ts'
import { readSource, type Source } from '../definition/read-source.ts'
import type { Outcome } from '../outcome.ts'
import { countBySeverity, findingDocument, renderFindings, summarise } from '../render/findings.ts'

/** A definition on this machine, ready to run. */
export interface LocalApp {
  source: Source
  compiled: CompiledDefinition
  /** As the user named it, for commands that messages suggest. */
  argument: string
}

export type LoadedApp = { ok: true; app: LocalApp } | { ok: false; outcome: Outcome }

/**
 * Reads, checks and compiles a definition. One with errors ends in an outcome that tells them, like `validate`.
 *
 * @throws CliError where the file is missing or cannot be read
 */
export async function loadApp(argument: string, directory: string): Promise<LoadedApp> {
  const source = await readSource(argument, directory)
  const findings = (await checkSource(source, { level: 'consistency' })).filter(
    ({ severity }) => severity === 'error',
  )
  if (findings.length > 0 || !source.parsed.ok) {
    const checked = { source, findings }
    return {
      ok: false,
      outcome: {
        exit: 'failed',
        document: {
          ok: false,
          file: source.name,
          errors: countBySeverity(findings).error,
          findings: findings.map(findingDocument),
        },
        text: (paint) =>
          `${renderFindings(checked, paint)}\n\n${paint.bad(summarise([checked]))} Nothing was run.`,
      },
    }
  }
  const { compileDefinition } = await import('miniapp')
  return {
    ok: true,
    app: { source, compiled: compileDefinition(source.parsed.value as Definition), argument },
  }
}
