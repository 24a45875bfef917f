import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')
/** Only a hang takes longer, on whatever machine. */
const START_TIMEOUT_MS = 300_000

export interface ServerProcess {
  child: ChildProcess
  /** Where it listens. */
  url: string
  /** One-time link of the owner, where the server printed one. */
  ownerLink: string | undefined
  /** Everything it wrote so far, standard output and standard error. */
  output: () => string
  /** `kill -9`; resolves once the process is gone. */
  kill9: () => Promise<void>
  /** @returns the exit code; null where the signal ended it */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>
  /** Ctrl-C: SIGINT to everything that was started; only with `ownGroup`. */
  interruptGroup: () => Promise<number | null>
}

export interface ServerProcessOptions {
  env: Record<string, string>
  /** Working directory, so that no `.env` of this repository is read. */
  cwd: string
  /** Default: the server itself; a launcher such as npm may stand in front of it. */
  command?: { file: string; args: string[] }
  /** In a process group of its own, as a terminal gives each command. */
  ownGroup?: boolean
}

/** What a process of Node needs of this one's environment: no setting of the server. */
export function nodeEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env
  return { PATH, HOME, NODE_COMPILE_CACHE }
}

/** Starts a server as a process of its own and waits until it is ready. Rejects with its output where it does not start. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const command = options.command ?? {
    file: process.execPath,
    args: [join(root, 'packages/server/bin/server.ts')],
  }
  const child = spawn(command.file, command.args, {
    cwd: options.cwd,
    env: { ...nodeEnvironment(), PORT: '0', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.ownGroup ?? false,
  })
  let output = ''
  const ready = Promise.withResolvers<string>()
  const read = (chunk: Buffer) => {
    output += chunk.toString()
    const url = /MiniApps is ready on (\S+)/.exec(output)?.[1]
    // The announcement is written in one piece; the blank line after it is its end.
    if (url !== undefined && /MiniApps is ready on[\s\S]*\n\s*\n$/.test(output)) ready.resolve(url)
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const late = setTimeout(
    () => ready.reject(new Error(`The server was not ready in ${START_TIMEOUT_MS} ms:\n${output}`)),
    START_TIMEOUT_MS,
  )
  void exited.then(([code, signal]) =>
    ready.reject(new Error(`The server ended (${signal ?? code}):\n${output}`)),
  )
  const end = async (signal: NodeJS.Signals, whole = false) => {
    if (whole) process.kill(-(child.pid ?? 0), signal)
    else child.kill(signal)
    const [code] = await exited
    return code
  }
  try {
    const url = await ready.promise
    return {
      child,
      url,
      ownerLink: /login (http\S+)/.exec(output)?.[1],
      output: () => output,
      kill9: async () => void (await end('SIGKILL')),
      stop: (signal = 'SIGTERM') => end(signal),
      interruptGroup: () => end('SIGINT', true),
    }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(late)
  }
}
