import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { nodeEnvironment } from '../../server/test/server-process.ts'

const BIN = resolve(import.meta.dirname, '../bin/miniapps.ts')

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

/** The command line as a process of its own, in an environment that holds nothing of the tester's but Node's compile cache. */
export function cliIn(folder: string, home = folder): Cli {
  const run: Cli['run'] = (args, env = {}) =>
    new Promise((done, fail) => {
      const child = spawn(process.execPath, [BIN, ...args], {
        cwd: folder,
        env: { ...nodeEnvironment(), HOME: home, XDG_CONFIG_HOME: join(home, 'config'), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let stdout = ''
      let stderr = ''
      child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
      child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
      child.on('error', fail)
      child.on('close', (status) => done({ stdout, stderr, status }))
    })
  return {
    folder,
    run,
    async json(args, env) {
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
