import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ApiClient, apiClient, signIn } from '../../packages/server/test/api-client.ts'
import { startPostgres } from '../../packages/server/test/postgres.ts'
import { type ServerProcess, startServerProcess } from '../../packages/server/test/server-process.ts'
import { NS, ORIGIN } from './definition.ts'

/** Several server processes on one PostgreSQL of their own. */
export interface Fleet {
  servers: ServerProcess[]
  /** Signed in to the default workspace as the operator, at the first process. */
  operator: ApiClient
  /** Trades a one-time link for the owner's token, at the first process. */
  signIn(subdomain: string, link: string): Promise<ApiClient>
  /** A process that was killed is replaced by a new one. */
  replace(index: number): Promise<void>
  /** The API of a workspace at one of the processes. */
  at(index: number, subdomain: string, token: string): ApiClient
  close(): Promise<void>
}

export interface Caller {
  subdomain: string
  tokens: string[]
}

const MASTER_KEY = Buffer.alloc(32, 9).toString('base64')

export async function startFleet(size: number, providerOrigin: string): Promise<Fleet> {
  const postgres = await startPostgres()
  const cwd = await mkdtemp(join(tmpdir(), 'miniapps-refresh-race-'))
  const env = {
    DATABASE_URL: postgres.url,
    MASTER_KEY,
    DATA_DIR: cwd,
    SAAS_API_URL: 'http://localhost/w/{subdomain}',
    OAUTH_BASE_URL: 'http://localhost',
    PROVIDER_ORIGINS: `${ORIGIN}=${providerOrigin}`,
  }
  const start = () => startServerProcess({ env, cwd })
  const servers: ServerProcess[] = []
  const close = async () => {
    await Promise.all(servers.map((server) => server.stop().catch(() => {})))
    await postgres.stop()
    await rm(cwd, { recursive: true, force: true })
  }
  try {
    const first = await start()
    servers.push(first)
    const address = (index: number, subdomain: string) => `${servers[index]?.url}/w/${subdomain}`
    const signInAt = (subdomain: string, link: string) => {
      const { pathname, search } = new URL(link)
      return signIn(address(0, subdomain), `${first.url}${pathname}${search}`)
    }
    // Each further start prints another link, and the one before stops working.
    const operator = await signInAt('main', first.ownerLink ?? '')
    servers.push(...(await Promise.all(Array.from({ length: size - 1 }, start))))
    return {
      servers,
      operator,
      signIn: signInAt,
      async replace(index) {
        servers[index] = await start()
      },
      at: (index, subdomain, token) => apiClient(address(index, subdomain), token),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** A workspace with the app connected, and so many app tokens, because an account may run 30 actions a minute. */
export async function addCaller(
  fleet: Fleet,
  {
    subdomain,
    tokens,
    credentials,
  }: { subdomain: string; tokens: number; credentials: Record<string, string> },
): Promise<Caller> {
  const { workspaceAdd } = await fleet.operator.call<{ workspaceAdd: { loginUrl: string } }>(
    'mutation ($s: String!) { workspaceAdd(subdomain: $s, name: $s) { loginUrl } }',
    { s: subdomain },
  )
  const owner = await fleet.signIn(subdomain, workspaceAdd.loginUrl)
  await owner.call(`mutation { installMiniApp(ns: "${NS}") }`)
  await owner.call(`mutation ($c: JSON!) { saveMiniAppCredentials(ns: "${NS}", credentials: $c) }`, {
    c: credentials,
  })
  const made: string[] = []
  for (let index = 0; index < tokens; index++) {
    const { appsAdd } = await owner.call<{ appsAdd: { accessToken: string } }>(
      'mutation ($n: String!) { appsAdd(name: $n, allowAllPermission: true, noExpire: true) { accessToken } }',
      { n: `caller ${index}` },
    )
    made.push(appsAdd.accessToken)
  }
  return { subdomain, tokens: made }
}
