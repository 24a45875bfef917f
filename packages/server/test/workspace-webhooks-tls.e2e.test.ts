/** A started server tells servers of a workspace over real TLS: those alone whose certificates an authority vouches for that it knows. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ApiClient, signIn } from './api-client.ts'
import { type Authority, type Certificate, createAuthority, hasOpenssl, selfSigned } from './certificates.ts'
import { type EmptyDatabase, emptyDatabase } from './empty-database.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

/** Only a hang takes longer. */
const PATIENCE = { timeout: 120_000, interval: 100 }
const NAMES = ['IP:127.0.0.1']

interface Told {
  headers: Record<string, string>
  body: string
}

let directory: string
let database: EmptyDatabase
let authority: Authority
let server: ServerProcess
let api: ApiClient
const receivers: Server[] = []

describe.runIf(hasOpenssl)('a server of a workspace behind TLS', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'miniapps-tls-'))
    database = await emptyDatabase()
    authority = createAuthority()
    const file = join(directory, 'authority.pem')
    await writeFile(file, authority.cert)
    const env = {
      DATA_DIR: join(directory, 'data'),
      ALLOW_PRIVATE_NETWORKS: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: file,
      ...database.env,
    }
    server = await startServerProcess({ env, cwd: directory })
    api = await signIn(server.url, server.ownerLink)
  }, PATIENCE.timeout)

  afterAll(async () => {
    for (const receiver of receivers) {
      receiver.closeAllConnections()
      receiver.close()
    }
    await server?.stop()
    await database?.drop()
    await rm(directory, { recursive: true, force: true })
  }, PATIENCE.timeout)

  /** @returns where it listens, and what it was told after the handshake */
  async function receive(certificate: Certificate) {
    const told: Told[] = []
    const receiver = createServer(certificate, async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString()
      told.push({ headers: request.headers as Record<string, string>, body })
      response.writeHead(204).end()
    })
    receivers.push(receiver)
    receiver.listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    return { url: `https://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, told }
  }

  /** Subscribes, which sends a ping. @returns the log's entry of its first attempt, once there is one that has ended */
  async function subscribe(url: string) {
    const { webhooksAdd } = await api.call<{ webhooksAdd: { _id: string; secret: string } }>(
      'mutation ($url: String!) { webhooksAdd(url: $url, actions: [{ type: "core:customer", action: "create" }]) { _id secret } }',
      { url },
    )
    const attempt = await vi.waitFor(async () => {
      const { webhookDeliveryLogs } = await api.call<{ webhookDeliveryLogs: { data: { status: string }[] } }>(
        'query ($id: String!) { webhookDeliveryLogs(webhookId: $id) { data { event attemptNumber status responseStatus error } } }',
        { id: webhooksAdd._id },
      )
      const first = webhookDeliveryLogs.data.at(-1)
      expect(first?.status).toMatch(/success|failed/)
      return first
    }, PATIENCE)
    return { attempt, secret: webhooksAdd.secret }
  }

  it(
    'is told where its authority is named to the server',
    async () => {
      const { url, told } = await receive(authority.issue(NAMES))
      const { attempt, secret } = await subscribe(url)
      expect(attempt).toEqual({
        event: 'system.ping',
        attemptNumber: 1,
        status: 'success',
        responseStatus: 204,
        error: null,
      })
      expect(told).toHaveLength(1)
      const [{ body, headers }] = told as [Told]
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({
        event: 'system.ping',
      })
    },
    PATIENCE.timeout,
  )

  it.each([
    ['that it has signed itself', () => selfSigned(NAMES), 'is self-signed'],
    [
      'of an authority that nobody has named',
      () => createAuthority().issue(NAMES),
      'is signed by an unknown authority',
    ],
    ['for another name', () => authority.issue(['DNS:receiver.example']), 'is for another name'],
    ['that has expired', () => authority.issue(NAMES, -1), 'has expired'],
  ])(
    'is told nothing with a certificate %s, and the log says why',
    async (_name, certificate, reason) => {
      const { url, told } = await receive(certificate())
      const { attempt } = await subscribe(url)
      expect(attempt).toEqual({
        event: 'system.ping',
        attemptNumber: 1,
        status: 'failed',
        responseStatus: null,
        error: `No connection to 127.0.0.1: its certificate ${reason}.`,
      })
      expect(told).toEqual([])
    },
    PATIENCE.timeout,
  )
})
