/** `npm start` as a newcomer uses it: first start, second start, refusals, and every way of ending it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiClient, signIn } from './api-client.ts'
import { emptyDatabase } from './empty-database.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const root = resolve(import.meta.dirname, '../../..')

let directory: string
const dataDir = () => join(directory, 'data')

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'miniapps-start-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const direct = (env: Record<string, string> = {}) =>
  startServerProcess({ env: { DATA_DIR: dataDir(), ...env }, cwd: directory })

/** Through npm, as the README says. */
const throughNpm = (ownGroup = false) =>
  startServerProcess({
    ownGroup,
    env: { DATA_DIR: dataDir() },
    cwd: root,
    command: { file: 'npm', args: ['start', '--silent'] },
  })

/** Every process below the given one, read from /proc. */
function descendantsOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ')
        return [{ pid: Number(name), parent: Number(fields[1]) }]
      } catch {
        return []
      }
    })
  const below = (of: number): number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((child) => [child.pid, ...below(child.pid)])
  return below(pid)
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`)

async function expectGone(pids: number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive)).toEqual([])
}

async function failureOf(starting: Promise<ServerProcess>): Promise<string> {
  const outcome = await starting.then(
    (server) => server,
    (error: Error) => error.message,
  )
  if (typeof outcome === 'string') return outcome
  await outcome.stop()
  throw new Error('The server started although it should have refused to.')
}

describe.skipIf(process.env.TEST_DATABASE_URL)('the first start', () => {
  it('makes a key that only its owner can read, prints a link that works once, and registers the catalog', async () => {
    const server = await direct()
    try {
      expect((await stat(join(dataDir(), 'master.key'))).mode & 0o777).toBe(0o600)
      const owner = await signIn(server.url, server.ownerLink)
      const { listMiniAppsGeneralInfo: apps } = await owner.call<{
        listMiniAppsGeneralInfo: { ns: string }[]
      }>('{ listMiniAppsGeneralInfo { ns } }')
      expect(apps.map(({ ns }) => ns)).toEqual(expect.arrayContaining(['github', 'slack']))
      await expect(signIn(server.url, server.ownerLink)).rejects.toThrow(/refused/)
      for (const path of ['/healthz', '/readyz', '/public-api.graphql', '/miniapp.schema.json']) {
        expect((await fetch(server.url + path)).status, path).toBe(200)
      }
      const logged = server.output().replace(/npm run miniapps -- login \S+/, '')
      expect(logged).not.toContain(new URL(String(server.ownerLink)).pathname.split('/').at(-1))
    } finally {
      expect(await server.stop('SIGINT')).toBe(0)
    }
  })
})

describe.skipIf(process.env.TEST_DATABASE_URL)('a second start', () => {
  it('opens the same data and prints no link, for the owner has a token; a third at the same time is refused', async () => {
    const server = await direct()
    try {
      expect(server.ownerLink).toBeUndefined()
      const text = await failureOf(direct())
      expect(text).toContain(dataDir())
      expect(text).toMatch(/another|in use|held/i)
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    } finally {
      expect(await server.stop('SIGTERM')).toBe(0)
    }
  })

  it('is refused where data exists without its key, or with another key', async () => {
    const key = join(dataDir(), 'master.key')
    await rename(key, `${key}.away`)
    expect(await failureOf(direct())).toMatch(/master key|master\.key/i)
    expect(existsSync(key)).toBe(false)
    const other = Buffer.alloc(32, 1).toString('base64')
    expect(await failureOf(direct({ MASTER_KEY: other }))).toMatch(/key/i)
    await rename(`${key}.away`, key)
  })
})

describe.skipIf(process.env.TEST_DATABASE_URL)('settings', () => {
  it('that cannot be used are all told, without starting', async () => {
    const text = await failureOf(direct({ PORT: 'http', ROLE: 'web' }))
    expect(text).toContain('PORT is "http"')
    expect(text).toContain('ROLE is "web"')
  })
})

describe.runIf(process.env.TEST_DATABASE_URL)('on PostgreSQL', () => {
  it('two first starts at once share one database, one workspace and one key', async () => {
    const database = await emptyDatabase()
    const servers = await Promise.all([direct(database.env), direct(database.env)])
    try {
      const links = servers.map(({ url, ownerLink }) => ({ url, ownerLink }))
      const signedIn = await Promise.allSettled(links.map(({ url, ownerLink }) => signIn(url, ownerLink)))
      const owners = signedIn.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
      expect(owners.length).toBeGreaterThanOrEqual(1)
      for (const { url } of servers) {
        const { currentUser } = await apiClient(url, String(owners[0]?.token)).call<{
          currentUser: { isOwner: boolean }
        }>('{ currentUser { isOwner } }')
        expect(currentUser.isOwner).toBe(true)
      }
    } finally {
      for (const server of servers) expect(await server.stop()).toBe(0)
      await database.drop()
    }
  })

  it('is refused without a master key', async () => {
    const database = await emptyDatabase()
    const { MASTER_KEY: _key, ...env } = database.env
    expect(await failureOf(direct(env))).toContain('master key must be given')
    await database.drop()
  })
})

describe.skipIf(process.env.TEST_DATABASE_URL || !existsSync('/proc/self/stat'))('ending through npm', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s to the npm process alone ends everything', async (signal) => {
    const server = await throughNpm()
    const pids = descendantsOf(server.child.pid ?? 0)
    expect(pids.length).toBeGreaterThanOrEqual(2)
    await server.stop(signal)
    await expectGone(pids)
    expect(server.output()).toContain('server.stopped')
  })

  it('Ctrl-C, which interrupts every process at once, ends it cleanly', async () => {
    const server = await throughNpm(true)
    const pids = descendantsOf(server.child.pid ?? 0)
    await server.interruptGroup()
    await expectGone(pids)
    expect(server.output()).toContain('server.stopped')
    expect(server.output()).not.toMatch(/server\.failed|Error/)
  })

  it('SIGKILL to npm, or to the bootstrap, leaves nothing behind', async () => {
    for (const victim of ['npm', 'bootstrap'] as const) {
      const server = await throughNpm()
      const pids = descendantsOf(server.child.pid ?? 0)
      if (victim === 'npm') await server.kill9()
      else process.kill(pids[0] ?? 0, 'SIGKILL')
      await expectGone(pids)
    }
  })
})
