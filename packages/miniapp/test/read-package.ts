import { readdirSync, readFileSync } from 'node:fs'
import type { Definition } from '../src/document.ts'
import type { PackageFile } from '../src/package/package-file.ts'
import type { PackageFiles } from '../src/package/validate-package.ts'

/** A package whose definition is known to be one. */
export interface AppPackage extends PackageFiles {
  ns: string
  definition: Definition
}

const CATALOG = new URL('../../../catalog/', import.meta.url)

/** Every app of the catalog, as a package. */
export function catalogPackages(): AppPackage[] {
  return readdirSync(CATALOG, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name: ns }) => {
      const folder = new URL(`${ns}/`, CATALOG)
      return {
        ns,
        definition: readJson(new URL('miniapp.json', folder)) as Definition,
        samples: filesIn('samples', folder),
        tests: [...filesIn('fixtures', folder), ...filesIn('tests', folder)],
      }
    })
}

function filesIn(name: string, folder: URL): PackageFile[] {
  const place = new URL(`${name}/`, folder)
  return namesIn(place)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({ file: `${name}/${file}`, value: readJson(new URL(file, place)) }))
}

function namesIn(place: URL): string[] {
  try {
    return readdirSync(place)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function readJson(place: URL): unknown {
  return JSON.parse(readFileSync(place, 'utf8'))
}
