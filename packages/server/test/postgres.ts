/**
 * A PostgreSQL server of one's own, for campaigns and tests that kill it. It runs in a temporary directory, as the user
 * `postgres` where we are root (PostgreSQL refuses root), with its default durability.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './free-port.ts'

export interface PostgresServer {
  /** Of the database `postgres`, for its superuser; trusts every connection from this machine. */
  url: string
  /** Ends the server as a power cut would end its processes: SIGKILL, nothing is written any more. */
  kill9(): Promise<void>
  /** Starts it on the same directory and port, after `kill9` or, ending it first, while it runs. */
  restart(): Promise<void>
  /** Runs statements over one connection, each on its own; rejects at the first that fails. */
  execute(statements: readonly string[]): Promise<void>
  /** Stops all of its processes where they are (SIGSTOP): connections stay open, and nothing answers. */
  pause(): void
  /** Lets them go on. */
  resume(): void
  /** Ends the server and removes its directory. */
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** Where its data goes; default: the machine's directory for temporary files. */
  dataIn?: string
  /** Where its write-ahead log goes; default: with its data. */
  logIn?: string
  /** As in `postgresql.conf`. */
  settings?: Record<string, string>
}

const READY_TIMEOUT_MS = 300_000
const POLL_MS = 50

/** @throws where no PostgreSQL is installed, with what to install */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = binaries()
  const user = serverUser()
  const ownDirectory = (parent: string) => {
    const made = mkdtempSync(join(parent, 'miniapps-postgres-'))
    if (user) chownSync(made, user.uid, user.gid)
    return made
  }
  const directory = ownDirectory(options.dataIn ?? tmpdir())
  const logDirectory = options.logIn === undefined ? undefined : ownDirectory(options.logIn)
  const data = join(directory, 'data')
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  if (logDirectory) initdb.push('--waldir', join(logDirectory, 'wal'))
  execFileSync(join(bin, 'initdb'), initdb, { ...user, cwd: directory, stdio: 'pipe' })
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const settings = Object.entries(options.settings ?? {}).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const args = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', directory, ...settings]

  let server = await start()

  async function start(): Promise<ChildProcess> {
    const spawnServer = () => spawn(join(bin, 'postgres'), args, { ...user, cwd: directory, stdio: 'ignore' })
    const deadline = performance.now() + READY_TIMEOUT_MS
    let child = spawnServer()
    while (!(await answers(url))) {
      if (performance.now() > deadline) {
        child.kill('SIGKILL')
        throw new Error(`postgres in ${directory} was not ready after ${READY_TIMEOUT_MS} ms.`)
      }
      // After a kill it refuses to start until the last process of its predecessor has noticed.
      if (child.exitCode !== null) child = spawnServer()
      await sleep(POLL_MS)
    }
    return child
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill(signal)
    await exited
  }

  function signalAll(signal: NodeJS.Signals): void {
    if (server.pid === undefined) return
    for (const pid of [server.pid, ...childrenOf(server.pid)]) process.kill(pid, signal)
  }

  return {
    url,
    kill9: () => end('SIGKILL'),
    execute: (statements) => execute(url, statements),
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    async restart() {
      await end('SIGINT')
      server = await start()
    },
    async stop() {
      await end('SIGINT')
      rmSync(directory, { recursive: true, force: true })
      if (logDirectory) rmSync(logDirectory, { recursive: true, force: true })
    },
  }
}

/** One process for each connection, and those that write in the background. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Debian keeps one folder per major version. */
const INSTALLATIONS = '/usr/lib/postgresql'

/** Whether {@link startPostgres} may be called; tests that need it are skipped elsewhere. */
export function isPostgresInstalled(): boolean {
  return existsSync(INSTALLATIONS)
}

/** Of the newest. */
function binaries(): string {
  const majors = isPostgresInstalled()
    ? readdirSync(INSTALLATIONS).filter((name) => existsSync(join(INSTALLATIONS, name, 'bin/initdb')))
    : []
  const newest = majors.sort((a, b) => Number(b) - Number(a))[0]
  if (!newest) throw new Error('No PostgreSQL server is installed: apt-get install postgresql')
  return join(INSTALLATIONS, newest, 'bin')
}

function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function execute(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end().catch(() => {})
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}
