import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { findRegistration, logRegistration, type Registration, registerDefinition } from './register.ts'

/**
 * Registers every `<directory>/<ns>/miniapp.json`. What was registered before is left as it is; a definition that is
 * refused is logged with its reason and does not keep the server from starting.
 * @returns the registrations that succeeded, new and unchanged
 */
export async function seedCatalog(context: Context, directory: string): Promise<Registration[]> {
  if (!existsSync(directory)) return []
  const entries = await readdir(directory, { withFileTypes: true })
  const registrations: Registration[] = []
  for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
    const file = join(directory, entry.name, 'miniapp.json')
    if (!existsSync(file)) continue
    try {
      const document: unknown = JSON.parse(await readFile(file, 'utf8'))
      const registration =
        (await findRegistration(context, document)) ?? (await registerDefinition(context, document))
      logRegistration(context, registration)
      registrations.push(registration)
    } catch (error) {
      context.log.warn('app.refused', { file, error })
    }
  }
  return registrations
}
