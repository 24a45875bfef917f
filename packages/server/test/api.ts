/** The API over a fresh database: a real fastify instance with real parts, whose clock a test moves. */
import { randomBytes } from 'node:crypto'
import { fastify, type InjectOptions } from 'fastify'
import type { KyselyPlugin } from 'kysely'
import { expect } from 'vitest'
import { ensureDefaultWorkspace } from '../src/account/default-workspace.ts'
import { makeOwnerLink, useLoginLink } from '../src/account/login-link.ts'
import { loginRoutes } from '../src/account/login-route.ts'
import { registerRequestIds } from '../src/account/request-id.ts'
import type { Workspace } from '../src/account/store.ts'
import { type Config, readConfig } from '../src/config.ts'
import type { Context } from '../src/context.ts'
import type { Database } from '../src/db/client.ts'
import { graphqlRoutes } from '../src/graphql/route.ts'
import type { Log, LogEvent, LogFields } from '../src/log.ts'
import { exportRoutes } from '../src/record/export-route.ts'
import { createKeyRing } from '../src/secret/key-ring.ts'
import { createVault } from '../src/secret/vault.ts'
import { testDatabase } from './database.ts'

export interface LogLine extends LogFields {
  event: LogEvent
  level: 'debug' | 'info' | 'warn' | 'error'
}

export interface GraphqlAnswer {
  status: number
  headers: Record<string, unknown>
  // biome-ignore lint/suspicious/noExplicitAny: answers of any shape are compared with literals
  data: any
  errors: { message: string; path?: unknown[]; extensions: { code: string; requestId: string } }[]
}

export interface CallOptions {
  /** Default: the owner's of the default workspace; empty: none. */
  token?: string
  variables?: Record<string, unknown>
  headers?: Record<string, string>
  url?: string
}

export type TestApi = Awaited<ReturnType<typeof testApi>>

/** @param settings as in the environment, such as `{ SAAS_API_URL: 'https://{subdomain}.api.example.com' }` */
export async function testApi(settings: Record<string, string> = {}) {
  const database = await testDatabase()
  const clock = { now: Date.now() }
  const lines: LogLine[] = []
  const counter = countStatements(database)
  const context = makeContext(counter.database, {
    config: readConfig(settings, { terminal: false, workingDirectory: '/' }),
    log: recordingLog(lines),
    now: () => clock.now,
  })
  const server = fastify({ trustProxy: context.config.trustedProxies })
  registerRequestIds(server, context.config)
  loginRoutes(server, context)
  exportRoutes(server, context)
  graphqlRoutes(server, context)
  const workspace = await ensureDefaultWorkspace(context)
  // The default is the first that was made: those of tests are made later, by the clock too.
  clock.now += 1
  const owner = await signIn(context, workspace)

  const inject = (options: InjectOptions) => server.inject(options)
  const call = async (query: string, options: CallOptions = {}): Promise<GraphqlAnswer> => {
    const { token = owner, variables, headers, url = '/graphql' } = options
    const answer = await server.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...(token && { 'x-app-token': token }), ...headers },
      payload: JSON.stringify({ query, variables }),
    })
    const body = answer.json<Partial<GraphqlAnswer>>()
    return { status: answer.statusCode, headers: answer.headers, data: body.data, errors: body.errors ?? [] }
  }
  return {
    context,
    server,
    clock,
    lines,
    workspace,
    /** A token with all permissions of the default workspace, and those of the platform. */
    owner,
    statements: counter.statements,
    inject,
    call,
    /** The value of the only field. Whatever is refused fails the test. */
    // biome-ignore lint/suspicious/noExplicitAny: answers of any shape are compared with literals
    async ask(query: string, variables: Record<string, unknown> = {}): Promise<any> {
      const { data, errors } = await call(query, { variables })
      expect(errors).toEqual([])
      return Object.values(data)[0]
    },
    /** Why the only field is refused. */
    async refusal(query: string, variables: Record<string, unknown> = {}) {
      const { errors } = await call(query, { variables })
      expect(errors).toHaveLength(1)
      return { code: errors[0]?.extensions.code, message: errors[0]?.message }
    },
    /** A token of the default workspace with exactly these permissions. */
    async tokenWith(...permissions: string[]): Promise<string> {
      const { data } = await call(
        'mutation ($permissions: [String!]) { appsAdd(name: "test", noExpire: true, permissions: $permissions) { accessToken } }',
        { variables: { permissions } },
      )
      return data.appsAdd.accessToken
    },
    async close(): Promise<void> {
      await server.close()
      await database.drop()
    },
  }
}

/** A token of the workspace's owner. */
export async function signIn(context: Context, workspace: Workspace): Promise<string> {
  const url = await makeOwnerLink(context, workspace.id)
  const { accessToken } = await useLoginLink(context, { workspace, link: linkOf(url) })
  return accessToken
}

/** The part behind `/login/`. */
export function linkOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}

interface OwnParts {
  config: Config
  log: Log
  now: () => number
}

/** Whatever would leave the process, or run an app's code, fails: these tests are about neither. */
function makeContext(db: Database, own: OwnParts): Context {
  const vault = createVault({ keyRing: createKeyRing([randomBytes(32)]), db })
  const absent = new Proxy({}, { get: () => () => Promise.reject(new Error('Not part of this test.')) })
  const send = () => Promise.reject(new Error('Not part of this test.'))
  return { ...own, db, vault, send, sandbox: absent, rateLimit: absent, budget: absent } as unknown as Context
}

function recordingLog(lines: LogLine[]): Log {
  const record = (level: LogLine['level']) => (event: LogEvent, fields?: LogFields) => {
    lines.push({ event, level, ...fields })
  }
  return {
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
    flush: () => Promise.resolve(),
  }
}

/** Sees every statement, in and out of transactions, by the kind of its root node. */
function countStatements(database: Database): { database: Database; statements: string[] } {
  const statements: string[] = []
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      statements.push(node.kind)
      return node
    },
    transformResult: ({ result }) => Promise.resolve(result),
  }
  return {
    statements,
    database: {
      ...database,
      sql: database.sql.withPlugin(plugin),
      transaction: (body) => database.transaction((trx) => body(trx.withPlugin(plugin))),
    },
  }
}
