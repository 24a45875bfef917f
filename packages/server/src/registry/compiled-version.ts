import { type CompiledDefinition, compileDefinition, type Definition } from 'miniapp'
import { BoundedCache, perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { findVersionsById, type StoredVersion } from './store.ts'

/** Compiled definitions kept in memory; a version never changes, so only their number is bounded (some 100 KB each). */
const COMPILED_VERSIONS_KEPT = 500

const cacheOf = perContext(
  (_context: Context) => new BoundedCache<Promise<CompiledDefinition>>(COMPILED_VERSIONS_KEPT),
)

/**
 * The compiled definition of a registered version: compiled once per process and version, then kept
 * (the least recently used one leaves first).
 * @throws Error where no version has this id, which only a damaged database can cause
 */
export function compiledVersion(context: Context, versionId: string): Promise<CompiledDefinition> {
  const cache = cacheOf(context)
  const found = cache.get(versionId)
  if (found) return found
  const compiled = load(context, versionId)
  cache.set(versionId, compiled)
  compiled.catch(() => cache.delete(versionId, compiled))
  return compiled
}

/**
 * Several versions at once: those that are not in memory are read with one statement.
 * @returns by version id
 */
export async function compiledVersions(
  context: Context,
  versionIds: readonly string[],
): Promise<Map<string, CompiledDefinition>> {
  const cache = cacheOf(context)
  const wanted = [...new Set(versionIds)]
  const missing = wanted.filter((id) => cache.get(id) === undefined)
  if (missing.length > 1) {
    for (const stored of await findVersionsById(context.db.sql, missing)) {
      cache.set(
        stored.id,
        Promise.resolve().then(() => compile(stored)),
      )
    }
  }
  const compiled = await Promise.all(
    wanted.map(async (id) => [id, await compiledVersion(context, id)] as const),
  )
  return new Map(compiled)
}

async function load(context: Context, versionId: string): Promise<CompiledDefinition> {
  const [stored] = await findVersionsById(context.db.sql, [versionId])
  if (!stored) throw new Error(`app_version ${versionId} does not exist although something refers to it`)
  return compile(stored)
}

function compile({ definition }: StoredVersion): CompiledDefinition {
  return compileDefinition(JSON.parse(definition) as Definition)
}
