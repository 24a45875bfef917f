/** A whole server in this process with so many apps and workspaces, most of them made by SQL. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, startApp } from '../../packages/server/src/app.ts'
import { readConfig } from '../../packages/server/src/config.ts'
import { silentLog } from '../../packages/server/src/log.ts'
import { type ApiClient, signIn } from '../../packages/server/test/api-client.ts'
import { fillDataDirectory } from '../../packages/server/test/data-directory.ts'
import { listing } from '../../packages/server/test/ledger-app.ts'
import { addWorkspaces } from '../../packages/server/test/many-workspaces.ts'
import { startPostgres } from '../../packages/server/test/postgres.ts'

const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

export interface Scaled {
  app: App
  owner: ApiClient
  /** Ids of the workspace that is measured. */
  workspaceId: string
  close(): Promise<void>
}

export const appName = (index: number) => `scale-${index}`

export async function openScaled(
  engine: 'embedded' | 'postgres',
  size: { apps: number; workspaces: number },
): Promise<Scaled> {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-bench-scale-'))
  const provider = fork(join(import.meta.dirname, '../../packages/server/test/loopback-provider.mjs'))
  const [port] = (await once(provider, 'message')) as [number]
  const postgres = engine === 'postgres' ? await startPostgres() : undefined
  const env = {
    PORT: '0',
    DATA_DIR: directory,
    ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8',
    MASTER_KEY,
    ...(postgres && { DATABASE_URL: postgres.url }),
  }
  if (!postgres) await fillDataDirectory(directory)
  const app = await startApp(readConfig(env, { terminal: false, workingDirectory: directory }), silentLog)
  const close = async () => {
    await app.close()
    await postgres?.stop()
    provider.disconnect()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const owner = await signIn(app.apiUrl, app.ownerLink)
    await addApps(owner, { apps: size.apps, origin: `http://127.0.0.1:${port}` })
    const workspaceId = await addWorkspaces(app.context.db, { workspaces: size.workspaces, ns: appName(0) })
    return { app, owner, workspaceId, close }
  } catch (error) {
    await close()
    throw error
  }
}

function definition(ns: string, origin: string): Record<string, unknown> {
  const headers = { Authorization: 'Bearer [[accessToken]]' }
  return {
    ...listing(ns, 'https://provider.example'),
    status: 'public',
    auth: {
      type: 'bearer_token',
      sensitiveKeys: ['accessToken'],
      form: { accessToken: { type: 'password', label: 'Token', required: true } },
    },
    actions: [
      {
        name: 'read',
        title: 'Read',
        description: 'Reads one.',
        parameters: { type: 'object', properties: {} },
        requests: [{ url: `${origin}/one`, method: 'GET', headers, mapping: { number: '$.number' } }],
      },
    ],
    source: {
      rpc_labels: {
        url: `${origin}/labels`,
        method: 'GET',
        headers,
        dataPath: '$.labels',
        valueField: 'id',
        labelField: 'name',
      },
    },
  }
}

/** All but the last are installed and connected; that one is for installing. */
async function addApps(owner: ApiClient, { apps, origin }: { apps: number; origin: string }): Promise<void> {
  for (let index = 0; index <= apps; index++) {
    const ns = index === apps ? 'scale-last' : appName(index)
    await owner.call('mutation ($d: JSON!) { registerMiniApp(definition: $d) }', {
      d: definition(ns, origin),
    })
    if (index === apps) continue
    await owner.call('mutation ($n: String!) { installMiniApp(ns: $n) }', { n: ns })
    await owner.call(
      'mutation ($n: String!) { saveMiniAppCredentials(ns: $n, credentials: { accessToken: "t" }) }',
      {
        n: ns,
      },
    )
  }
}
