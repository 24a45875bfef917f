import { type Change, checkVersionBump, diffDefinitions, type Side } from 'miniapp'
import { loadApp } from '../local/load-app.ts'
import type { Outcome } from '../outcome.ts'
import { renderDiff } from '../render/diff.ts'
import type { Shell } from '../shell.ts'
import { placeAt } from './check-source.ts'
import type { Source } from './read-source.ts'

/** A change with its place in the file that it is in. */
export interface PlacedChange {
  change: Change
  source: Source
  position?: { line: number; column: number }
}

/**
 * Compares two definitions. The outcome is `failed` where the second is called too low for what it breaks.
 *
 * @throws CliError where a file is missing or cannot be read
 */
export async function diffSources(
  before: string,
  after: string,
  { directory }: Pick<Shell, 'directory'>,
): Promise<Outcome> {
  const [from, to] = [await loadApp(before, directory), await loadApp(after, directory)]
  if (!from.ok) return from.outcome
  if (!to.ok) return to.outcome
  const sources: Record<Side, Source> = { before: from.app.source, after: to.app.source }
  const [old, now] = [from.app.compiled.definition, to.app.compiled.definition]
  const diff = diffDefinitions(old, now)
  const fault = checkVersionBump(old.version, now.version, diff)
  const changes = diff.changes.map((change) => placeChange(change, sources[change.in]))
  return {
    exit: fault?.severity === 'error' ? 'failed' : 'ok',
    document: {
      ok: fault?.severity !== 'error',
      ns: now.ns,
      before: { file: sources.before.name, version: old.version },
      after: { file: sources.after.name, version: now.version },
      bump: diff.bump,
      version: fault ?? null,
      changes: changes.map(({ change, position }) => ({ ...change, ...position })),
    },
    text: (paint) => renderDiff({ sources, before: old, after: now, changes, fault }, paint),
  }
}

function placeChange(change: Change, source: Source): PlacedChange {
  const { position } = placeAt(source, change.path)
  return { change, source, ...(position && { position }) }
}
