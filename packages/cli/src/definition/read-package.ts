import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PackageFile } from 'miniapp/package'
import { systemCode } from '../cli-error.ts'
import { readSource, type Source } from './read-source.ts'

/** The files beside a definition that are checked with it (specification 8.1). */
export interface PackageSources {
  /** Of `samples/`. */
  samples: PackageSource[]
  /** Of `tests/`, and of `fixtures/` as the catalog calls them. */
  tests: PackageSource[]
}

export interface PackageSource {
  /** Relative to the package: how findings call it. */
  file: string
  source: Source
}

/** @throws CliError where a file cannot be read; a folder that is not there is empty */
export async function readPackage(definition: Source, directory: string): Promise<PackageSources> {
  const folder = dirname(definition.path)
  const filesOf = async (name: string): Promise<PackageSource[]> => {
    const names = (await namesIn(join(folder, name))).filter((file) => file.endsWith('.json')).sort()
    return Promise.all(
      names.map(async (file) => ({
        file: `${name}/${file}`,
        source: await readSource(join(folder, name, file), directory),
      })),
    )
  }
  const [samples, tests, fixtures] = await Promise.all(['samples', 'tests', 'fixtures'].map(filesOf))
  return { samples: samples ?? [], tests: [...(tests ?? []), ...(fixtures ?? [])] }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return []
    throw error
  }
}

/** Those that could be parsed; of the others, the faults are findings. */
export function parsedFiles(sources: readonly PackageSource[]): PackageFile[] {
  return sources.flatMap(({ file, source }) =>
    source.parsed.ok ? [{ file, value: source.parsed.value }] : [],
  )
}
