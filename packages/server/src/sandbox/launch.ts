/**
 * How a sandbox process is started, and which locks hold it.
 *
 * The first wall is WebAssembly: a function runs in QuickJS and sees nothing of Node. The locks below are for the day
 * that wall has a hole: Node's permission model (no file but its own program, no child process, no worker, no addon), an
 * empty environment, a network namespace without a network, and death with the parent. They do not cover signals to
 * processes of the same user, nor Unix sockets with a path that this user may open: run the server as a user of its own.
 */
import { type SpawnOptions, spawn } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Which locks the machine lets us close; part of the log line `sandbox.started`. */
export interface SandboxLocks {
  /** Node's permission model: always on. */
  readonly permission: true
  /** What puts the process into a network namespace of its own. Node 24's permissions do not cover the network. */
  readonly network: 'unshare --net' | 'unshare -rn' | 'none'
  /** The kernel kills the process when the parent dies, also inside a built-in that never returns. Else it ends when idle. */
  readonly parentDeath: boolean
}

export interface Command {
  file: string
  args: string[]
}

/** In the order they are tried: the first needs root, the second user namespaces. */
const NETWORK_LOCKS = ['unshare --net', 'unshare -rn'] as const
/** After `unshare`: entering a user namespace clears a death signal that was set before. */
const DEATH_LOCK = 'setpriv --no-new-privs --pdeathsig KILL'

/** V8's heap in a sandbox process, in MiB: texts on their way in and out; a function's own values live in WebAssembly. */
const HEAP_MIB = 256

/** Searched by the kernel's default path only: nothing of our environment is passed on, `PATH` included. */
const EMPTY_ENVIRONMENT = {}

/** Tries what this machine allows; a few dozen milliseconds. */
export async function probeLocks(): Promise<SandboxLocks> {
  const node = [process.execPath, '--version']
  const network = await firstThatRuns(NETWORK_LOCKS, (lock) => [...lock.split(' '), ...node])
  const unshare = network === undefined ? [] : network.split(' ')
  const death = await firstThatRuns([DEATH_LOCK], (lock) => [...unshare, ...lock.split(' '), ...node])
  return { permission: true, network: network ?? 'none', parentDeath: death !== undefined }
}

async function firstThatRuns<T extends string>(
  candidates: readonly T[],
  commandOf: (candidate: T) => string[],
): Promise<T | undefined> {
  for (const candidate of candidates) if (await runs(commandOf(candidate))) return candidate
  return undefined
}

function runs([file = '', ...args]: string[]): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(file, args, { env: EMPTY_ENVIRONMENT, stdio: 'ignore' })
    child.on('error', () => done(false))
    child.on('exit', (code) => done(code === 0))
  })
}

/**
 * The command that runs `script` behind the locks.
 * @param program.readable files, and folders that end in a separator: all that the process may read; real paths
 */
export function lockedCommand(
  locks: SandboxLocks,
  program: { script: string; args: string[]; readable: readonly string[] },
): Command {
  const [file = process.execPath, ...args] = [
    ...(locks.network === 'none' ? [] : locks.network.split(' ')),
    ...(locks.parentDeath ? DEATH_LOCK.split(' ') : []),
    process.execPath,
    '--permission',
    ...program.readable.map((path) => `--allow-fs-read=${path}`),
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${HEAP_MIB}`,
    program.script,
    ...program.args,
  ]
  return { file, args }
}

/** `spawn` options that go with {@link lockedCommand}. */
export const LOCKED_SPAWN_OPTIONS = {
  env: EMPTY_ENVIRONMENT,
  stdio: ['pipe', 'pipe', 'pipe'],
} satisfies SpawnOptions

/** The interpreter of App Functions, and what it imports. */
const INTERPRETER_FILES = [
  'evaluate-function.ts',
  'evaluate-function-globals.ts',
  'evaluate-function-image.ts',
  'evaluate-function-limits.ts',
  'evaluate-function-prelude.ts',
] as const

/** Starts `child.ts`, which may read itself, what it talks through, the interpreter and the engine's packages. */
export function sandboxCommand(locks: SandboxLocks): Command {
  const script = realpathSync(join(import.meta.dirname, 'child.ts'))
  const frames = realpathSync(join(import.meta.dirname, 'frame.ts'))
  const interpreterFolder = join(packageFolder('miniapp', import.meta.url), 'src', 'run')
  const interpreter = INTERPRETER_FILES.map((name) => join(interpreterFolder, name))
  const engine = packageClosure('quickjs-emscripten', import.meta.url)
  return lockedCommand(locks, {
    script,
    args: [pathToFileURL(interpreter[0] ?? '').href],
    readable: [script, frames, ...interpreter, ...[...engine].map((folder) => folder + sep)],
  })
}

function packageFolder(name: string, importer: string): string {
  const manifest = findPackageJSON(name, importer)
  if (manifest === undefined) throw new Error(`The package "${name}" is not installed: run npm ci.`)
  return realpathSync(dirname(manifest))
}

/** Folders of a package and of all that it depends on. */
function packageClosure(name: string, importer: string, found = new Set<string>()): Set<string> {
  const folder = packageFolder(name, importer)
  if (found.has(folder)) return found
  found.add(folder)
  const manifest = join(folder, 'package.json')
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const dependency of Object.keys(dependencies)) {
    packageClosure(dependency, pathToFileURL(manifest).href, found)
  }
  return found
}
