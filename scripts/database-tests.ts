/** Which test files the run on PostgreSQL has to repeat: those that reach the setting that names its server. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The setting that names the PostgreSQL of a test run. */
const SETTING = 'TEST_DATABASE_URL'
const RELATIVE_IMPORT = /\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g

/**
 * Test files that read `TEST_DATABASE_URL`, or import a module that does, however far away. All others do the same
 * whether it is set or not.
 * @param patterns globs of test files, from `root`
 * @returns paths from `root`, in alphabetical order
 */
export function databaseTests(root: string, patterns: readonly string[]): string[] {
  const files = globSync([...patterns], { cwd: root, exclude: ['**/node_modules/**'] })
  const sources = new Map<string, { readsSetting: boolean; imports: string[] }>()
  const sourceOf = (file: string) => {
    const known = sources.get(file)
    if (known) return known
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const imports = [...text.matchAll(RELATIVE_IMPORT)].map(([, path = '']) => join(dirname(file), path))
    const source = { readsSetting: text.includes(SETTING), imports }
    sources.set(file, source)
    return source
  }
  const reachesSetting = (file: string, seen = new Set<string>()): boolean => {
    if (seen.has(file)) return false
    seen.add(file)
    const { readsSetting, imports } = sourceOf(file)
    return readsSetting || imports.some((path) => reachesSetting(path, seen))
  }
  return files
    .map((file) => join(root, file))
    .filter((file) => reachesSetting(file))
    .map((file) => relative(root, file))
    .sort()
}
