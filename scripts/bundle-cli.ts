/** The command line as few files: our sources with the libraries that they use, each library's licence beside them. */
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'packages/cli')

/** The engine finds its WebAssembly beside itself, and fixes of the HTTP client should arrive without a release of ours. */
const EXTERNAL = ['quickjs-emscripten', 'undici']

/** Besides these, the pure package is installed for what is read when it is needed, such as `miniapp/findings`. */
const KEPT = [...EXTERNAL, 'miniapp']

export interface Bundled {
  /** Names of the dependencies that are installed beside the bundle. */
  kept: readonly string[]
  /** What the licences of the libraries in the bundle want to be passed on. */
  notices: string
}

/** @param folder gets `miniapps.js`, the thread of App Functions, and the parts that both load */
export async function bundleCli(folder: string): Promise<Bundled> {
  const bundle = await rolldown({
    input: {
      miniapps: join(source, 'bin/miniapps.ts'),
      'function-worker': join(source, 'src/local/function-worker.ts'),
    },
    platform: 'node',
    external: EXTERNAL,
    // The other form of jsonc-parser hides its parts from bundlers behind a `require` of its own.
    resolve: { mainFields: ['module', 'main'] },
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`The bundle of the command line is doubtful: ${log.message}`)
    },
  })
  const { output } = await bundle.write({ dir: folder, format: 'esm', chunkFileNames: '[name]-[hash].js' })
  await bundle.close()
  const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
  return { kept: KEPT, notices: await noticesOf(modules) }
}

async function noticesOf(modules: readonly string[]): Promise<string> {
  const folders = new Set(
    modules.flatMap((id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? []),
  )
  const notices = [...folders].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8')
    return `${name} ${version} (${license})\n\n${text.trim()}\n`
  })
  return (await Promise.all(notices)).join(`\n${'-'.repeat(80)}\n\n`)
}
