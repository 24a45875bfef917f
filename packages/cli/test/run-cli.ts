import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { nodeEnvironment } from '../../server/test/server-process.ts'
import { runProgram } from '../src/run-program.ts'

export const BIN = resolve(import.meta.dirname, '../bin/miniapps.ts')

export interface CliRun {
  stdout: string
  stderr: string
  status: number | null
}

export interface Cli {
  /** Where it is called, and where it keeps what `login` stores. */
  folder: string
  run(args: readonly string[], env?: Record<string, string>): Promise<CliRun>
  /** Runs with `--json` and reads the one document. */
  json(
    args: readonly string[],
    env?: Record<string, string>,
  ): Promise<{ status: number | null; document: Json }>
}

// biome-ignore lint/suspicious/noExplicitAny: documents of any shape are compared with literals
export type Json = any

/**
 * The command line in this process, in an environment that holds nothing of the tester's: what is tested is not how it
 * starts, which costs half a second a call. What reads or writes the streams of the process itself needs
 * {@link cliProcessIn}.
 */
export function cliIn(folder: string, home = folder): Cli {
  return cliThatRuns(folder, async (args, given) => {
    const written = { stdout: '', stderr: '' }
    const into = (name: keyof typeof written) => ({
      write: (text: string) => {
        written[name] += text
      },
    })
    // As npm tells where it was called.
    const env = { ...homeEnvironment(home), npm_lifecycle_event: 'miniapps', INIT_CWD: folder, ...given }
    const status = await runProgram(args, env, { stdout: into('stdout'), stderr: into('stderr') })
    return { ...written, status }
  })
}

/** The command line as authors start it, as a process of its own, which is given Node's compile cache besides. */
export function cliProcessIn(folder: string, home = folder): Cli {
  return cliThatRuns(
    folder,
    (args, given) =>
      new Promise((done, fail) => {
        const child = spawn(process.execPath, [BIN, ...args], {
          cwd: folder,
          env: { ...nodeEnvironment(), ...homeEnvironment(home), ...given },
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        let stdout = ''
        let stderr = ''
        child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
        child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
        child.on('error', fail)
        child.on('close', (status) => done({ stdout, stderr, status }))
      }),
  )
}

function homeEnvironment(home: string): Record<string, string> {
  return { HOME: home, XDG_CONFIG_HOME: join(home, 'config') }
}

type Run = (args: readonly string[], env: Record<string, string>) => Promise<CliRun>

function cliThatRuns(folder: string, run: Run): Cli {
  return {
    folder,
    run: (args, env = {}) => run(args, env),
    async json(args, env = {}) {
      const { stdout, stderr, status } = await run([...args, '--json'], env)
      if (stderr !== '') throw new Error(`Something stands on standard error: ${stderr}`)
      return { status, document: JSON.parse(stdout) }
    },
  }
}

/** A fresh folder, removed by `remove`. */
export function temporaryFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'miniapps-cli-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
