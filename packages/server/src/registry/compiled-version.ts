import { type CompiledDefinition, compileDefinition, type Definition } from 'miniapp'
import { BoundedCache, perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { findVersionById } from './store.ts'

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

async function load(context: Context, versionId: string): Promise<CompiledDefinition> {
  const stored = await findVersionById(context.db.sql, versionId)
  if (!stored) throw new Error(`app_version ${versionId} does not exist although something refers to it`)
  return compileDefinition(JSON.parse(stored.definition) as Definition)
}
