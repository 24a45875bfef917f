/** The processes that receive and process events, on a database of their own, to be killed one after another. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { clockAhead } from '../../packages/server/test/clock-ahead.ts'
import { fillDataDirectory } from '../../packages/server/test/data-directory.ts'
import { type PostgresServer, startPostgres } from '../../packages/server/test/postgres.ts'
import { type ServerProcess, startServerProcess } from '../../packages/server/test/server-process.ts'
import type { Random } from '../properties/random.ts'

const RECEIVERS = 2
const WORKERS = 2
/** Longer than the longest pause before another attempt, and than a claim lasts. */
const AHEAD_MS = 2 * 3_600_000
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

export interface Fleet {
  /** Of the database, for whoever opens it while no process runs. */
  env: Record<string, string>
  start(): Promise<void>
  /** Of the processes that receive, also of those that are being started again. */
  origins(): string[]
  /** Kills one of the processes or the database, and starts it again. @returns what it was */
  kill(random: Random): Promise<string>
  /** Ends the processes, and starts one that lives in a time when everything that waits is due. */
  startAhead(): Promise<void>
  /** Ends the processes; the database stays. */
  stop(): Promise<void>
  close(): Promise<void>
}

export async function openEmbeddedFleet(directory: string): Promise<Fleet> {
  const cwd = join(directory, 'embedded')
  await fillDataDirectory(join(cwd, 'data'))
  return openFleet({ env: envOf(cwd), cwd, roles: { server: 'all' } })
}

export async function openPostgresFleet(directory: string): Promise<Fleet> {
  const cwd = join(directory, 'postgres')
  await mkdir(cwd, { recursive: true })
  const postgres = await startPostgres()
  const roles: Record<string, Role> = {}
  for (let index = 1; index <= RECEIVERS; index++) roles[`receiver ${index}`] = 'api'
  for (let index = 1; index <= WORKERS; index++) roles[`worker ${index}`] = 'worker'
  return openFleet({ env: { ...envOf(cwd), DATABASE_URL: postgres.url }, cwd, roles, postgres })
}

function envOf(cwd: string): Record<string, string> {
  return {
    DATA_DIR: join(cwd, 'data'),
    MASTER_KEY,
    SAAS_API_URL: 'http://localhost/w/{subdomain}',
    OAUTH_BASE_URL: 'http://localhost',
    LOG_LEVEL: 'warn',
  }
}

type Role = 'all' | 'api' | 'worker'

interface Parts {
  env: Record<string, string>
  cwd: string
  /** By name. */
  roles: Record<string, Role>
  postgres?: PostgresServer
}

function openFleet({ env, cwd, roles, postgres }: Parts): Fleet {
  const running = new Map<string, ServerProcess>()
  /** Each is killed once before any of them is killed again. */
  const spared: string[] = []
  const start = async (name: string, more: Record<string, string> = {}) => {
    const role = roles[name] ?? 'all'
    running.set(name, await startServerProcess({ env: { ...env, ROLE: role, ...more }, cwd }))
  }
  const stop = async () => {
    await Promise.all([...running.values()].map((server) => server.stop()))
    running.clear()
  }
  return {
    env,
    async start() {
      // One after another: the first registers the apps of the catalog.
      for (const name of Object.keys(roles)) await start(name)
    },
    origins: () => [...running].flatMap(([name, { url }]) => (roles[name] === 'worker' ? [] : url)),
    async kill(random) {
      if (spared.length === 0) spared.push(...Object.keys(roles), ...(postgres ? ['database'] : []))
      const [name = ''] = spared.splice(random.below(spared.length), 1)
      if (name === 'database') {
        await postgres?.kill9()
        await postgres?.restart()
      } else {
        await running.get(name)?.kill9()
        await start(name)
      }
      return name
    },
    async startAhead() {
      await stop()
      await start('ahead', await clockAhead({ ms: AHEAD_MS, directory: cwd }))
    },
    stop,
    async close() {
      await Promise.all([...running.values()].map((server) => server.kill9()))
      await postgres?.stop()
    },
  }
}
