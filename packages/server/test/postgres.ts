/**
 * A PostgreSQL server of one's own, for campaigns and tests that kill it. It runs in a temporary directory, as the user
 * `postgres` where we are root (PostgreSQL refuses root), with its default durability.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export interface PostgresServer {
  /** Of the database `postgres`, for its superuser; trusts every connection from this machine. */
  url: string
  /** Ends the server as a power cut would end its processes: SIGKILL, nothing is written any more. */
  kill9(): Promise<void>
  /** Starts it on the same directory and port, after `kill9` or, ending it first, while it runs. */
  restart(): Promise<void>
  /** Ends the server and removes its directory. */
  stop(): Promise<void>
}

const READY_TIMEOUT_MS = 30_000
const POLL_MS = 50

/** @throws where no PostgreSQL is installed, with what to install */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = binaries()
  const user = serverUser()
  const directory = mkdtempSync(join(tmpdir(), 'miniapps-postgres-'))
  if (user) chownSync(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  execFileSync(join(bin, 'initdb'), initdb, { ...user, cwd: directory, stdio: 'pipe' })
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const args = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', directory]

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

  return {
    url,
    kill9: () => end('SIGKILL'),
    async restart() {
      await end('SIGINT')
      server = await start()
    },
    async stop() {
      await end('SIGINT')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Debian keeps one folder per major version; the newest counts. */
function binaries(): string {
  const root = '/usr/lib/postgresql'
  const majors = existsSync(root)
    ? readdirSync(root).filter((name) => existsSync(join(root, name, 'bin/initdb')))
    : []
  const newest = majors.sort((a, b) => Number(b) - Number(a))[0]
  if (!newest) throw new Error('No PostgreSQL server is installed: apt-get install postgresql')
  return join(root, newest, 'bin')
}

function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return address.port
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 })
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
