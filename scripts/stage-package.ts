/** What is published: JavaScript in the place of our TypeScript, each package with a manifest of its own. */
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { OLDEST_NODE } from '../packages/cli/src/node-version.ts'
import { jsonSchema } from '../packages/miniapp/src/index.ts'
import { bundleCli } from './bundle-cli.ts'

const root = resolve(import.meta.dirname, '..')
const run = promisify(execFile)

interface Manifest {
  [field: string]: unknown
  dependencies?: Record<string, string>
  exports?: Record<string, string>
}

/** Folders of `packages`, each published under the name in its manifest. */
export const PUBLISHED = ['miniapp', 'cli'] as const

/** @param staged gets one folder for each of {@link PUBLISHED} */
export async function stagePackages(staged: string): Promise<void> {
  await stageMiniapp(join(staged, 'miniapp'))
  await stageCli(join(staged, 'cli'))
}

/**
 * The library: one module for each of ours, with types.
 *
 * @throws where the compiler refuses the sources
 */
async function stageMiniapp(to: string): Promise<void> {
  const from = join(root, 'packages/miniapp')
  await mkdir(to, { recursive: true })
  const project = join(to, 'tsconfig.json')
  const libraries = join(to, 'node_modules')
  await symlink(join(root, 'node_modules'), libraries)
  const compilerOptions = {
    noEmit: false,
    outDir: to,
    rootDir: from,
    declaration: true,
    rewriteRelativeImportExtensions: true,
  }
  const include = [join(from, 'src')]
  const exclude = [join(from, '**/*.test.ts')]
  const extended = join(root, 'tsconfig.json')
  await writeFile(project, JSON.stringify({ extends: extended, compilerOptions, include, exclude }))
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--project', project]).catch(
    (error: { stdout?: string }) => {
      throw new Error(`packages/miniapp does not compile:\n${error.stdout}`, { cause: error })
    },
  )
  await rm(project)
  await rm(libraries)
  await writeFile(join(to, 'miniapp.schema.json'), `${JSON.stringify(jsonSchema(), null, 2)}\n`)
  await copyParts(from, to, ['README.md', 'findings'])
  const manifest = await readManifest(from)
  const entries = Object.entries(manifest.exports ?? {}).map(([name, path]) => {
    if (!path.endsWith('.ts')) return [name, path] as const
    const module = path.replace(/\.ts$/, '')
    return [name, { types: `${module}.d.ts`, default: `${module}.js` }] as const
  })
  const schema = './miniapp.schema.json'
  const exports = { ...Object.fromEntries(entries), [schema]: schema, './package.json': './package.json' }
  await writeManifest(to, { ...manifest, exports, files: ['src', 'findings', 'miniapp.schema.json'] })
}

/** The command line: a bundle, so that a call opens four files and not three hundred (docs/adr/0021). */
export async function stageCli(to: string): Promise<void> {
  const from = join(root, 'packages/cli')
  await mkdir(to, { recursive: true })
  const { kept, notices } = await bundleCli(join(to, 'bin'))
  await writeFile(join(to, 'THIRD-PARTY-NOTICES.txt'), notices)
  await copyParts(from, to, ['README.md', 'templates'])
  const manifest = await readManifest(from)
  const dependencies = Object.fromEntries(
    Object.entries(manifest.dependencies ?? {}).filter(([name]) => kept.includes(name)),
  )
  await writeManifest(to, {
    ...manifest,
    dependencies,
    bin: { miniapps: './bin/miniapps.js' },
    files: ['bin', 'templates', 'THIRD-PARTY-NOTICES.txt'],
  })
}

async function copyParts(from: string, to: string, parts: readonly string[]): Promise<void> {
  for (const part of parts) await cp(join(from, part), join(to, part), { recursive: true })
  await cp(join(root, 'LICENSE'), join(to, 'LICENSE'))
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Without what is for this repository alone: the guard against publishing sources, and what tests need. */
async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const { private: _guard, devDependencies: _tests, ...published } = manifest
  const text = JSON.stringify({ ...published, engines: { node: `>=${OLDEST_NODE}` } }, null, 2)
  await writeFile(join(folder, 'package.json'), `${text}\n`)
}
