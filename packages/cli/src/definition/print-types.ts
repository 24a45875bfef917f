import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { actionDeclarations } from 'miniapp'
import { CliError, systemCode } from '../cli-error.ts'
import { loadApp } from '../local/load-app.ts'
import type { Outcome } from '../outcome.ts'
import type { Shell } from '../shell.ts'
import { shownName } from './read-source.ts'

/**
 * TypeScript types of a definition's actions, printed or written to `out`.
 *
 * @throws CliError where the definition cannot be read or the file cannot be written
 */
export async function printTypes(
  argument: string,
  out: string | undefined,
  { directory }: Pick<Shell, 'directory'>,
): Promise<Outcome> {
  const loaded = await loadApp(argument, directory)
  if (!loaded.ok) return loaded.outcome
  const { definition } = loaded.app.compiled
  const types = actionDeclarations(definition)
  if (out === undefined) {
    return { exit: 'ok', document: { ok: true, ns: definition.ns, types }, text: () => types.trimEnd() }
  }
  const path = resolve(directory, out)
  const name = shownName(path, directory)
  try {
    await writeFile(path, types)
  } catch (cause) {
    throw new CliError('unreadable', `${name} cannot be written (${systemCode(cause)}).`, { cause })
  }
  return {
    exit: 'ok',
    document: { ok: true, ns: definition.ns, file: name },
    text: (paint) => `${paint.good('Written')} ${name}: the types of ${definition.ns} ${definition.version}.`,
  }
}
