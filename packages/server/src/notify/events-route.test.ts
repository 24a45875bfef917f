import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestApi, testApi } from '../../test/api.ts'
import { marketDefinition } from '../../test/market-app.ts'
import { createWorkspace } from '../account/create-workspace.ts'
import { uuidTime, uuidv7 } from '../db/uuid.ts'
import { changeInstall, insertInstall } from '../install/store.ts'
import { registerDefinition } from '../registry/register.ts'
import { acceptEvent } from '../webhook/accept.ts'
import { MAX_ANNOUNCED_EVENTS } from '../webhook/announce.ts'
import { processDue } from '../webhook/process.ts'
import { eventsRoute, HEARTBEAT_INTERVAL_MS } from './events-route.ts'
import { followAnnouncements, MAX_WATCHERS, MAX_WATCHERS_PER_WORKSPACE, watch } from './live.ts'
import { MAX_UNREAD_BYTES } from './live-stream.ts'

/** Only a hang takes longer. */
const PATIENCE = { timeout: 60_000 }

interface Message {
  event: string
  id: string
  // biome-ignore lint/suspicious/noExplicitAny: compared with literals
  data: any
}

let api: TestApi
let url: string
let stopFollowing: () => Promise<void>
let other: { id: string }
let versionId: string

beforeAll(async () => {
  api = await testApi()
  eventsRoute(api.server, api.context)
  url = await api.server.listen({ port: 0, host: '127.0.0.1' })
  stopFollowing = await followAnnouncements(api.context)
  versionId = (await registerDefinition(api.context, marketDefinition())).versionId
  await api.context.db.transaction((trx) =>
    insertInstall(trx, { workspaceId: api.workspace.id, ns: 'market', id: uuidv7(), versionId }),
  )
  other = await createWorkspace(api.context, { subdomain: 'other', name: 'Other' })
})

afterEach(() => {
  vi.useRealTimers()
})

afterAll(async () => {
  await stopFollowing()
  await api.close()
})

async function accept(
  body: object,
  { context = api.context, workspaceId = api.workspace.id, ns = 'market' } = {},
): Promise<string> {
  // Ids of other rows were made by the real clock.
  api.clock.now = Math.max(api.clock.now, Date.now()) + 1
  const id = uuidv7(api.clock.now)
  await acceptEvent(context, {
    workspaceId,
    id,
    createdAt: uuidTime(id),
    ns,
    event: 'order.created',
    transactionId: undefined,
    windowMs: 0,
    orderingKey: undefined,
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
    note: undefined,
    again: 0,
  })
  return id
}

/** Streams that were answered so far. */
let opened = 0

/** Opens the stream over HTTP and reads what comes, message by message. */
async function open({ token = api.owner, lastEventId = '', query = '' } = {}) {
  const headers = { 'x-app-token': token, ...(lastEventId && { 'last-event-id': lastEventId }) }
  const sent = request(`${url}/events${query}`, { headers }).end()
  const [response] = await once(sent, 'response')
  response.setEncoding('utf8')
  if (response.statusCode === 200) opened += 1
  const messages: Message[] = []
  let text = ''
  let told = Promise.withResolvers<void>()
  let ended = false
  const tell = () => {
    told.resolve()
    told = Promise.withResolvers()
  }
  const comments: string[] = []
  response.on('data', (chunk: string) => {
    const parts = (text + chunk).split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1]
      const data = field('data')
      if (part.startsWith(':')) comments.push(part)
      if (data !== undefined) {
        messages.push({ event: field('event') ?? '', id: field('id') ?? '', data: JSON.parse(data) })
      }
    }
    tell()
  })
  for (const name of ['end', 'error', 'close']) {
    response.on(name, () => {
      ended = true
      tell()
    })
  }
  return {
    status: response.statusCode as number,
    headers: response.headers as Record<string, string>,
    messages,
    comments,
    isEnded: () => ended,
    /** Waits for it, however long it takes. */
    async until(holds: () => boolean) {
      while (!holds()) await told.promise
    },
    async close() {
      sent.destroy()
    },
  }
}

/** Streams that have not been told to have ended. */
const openStreams = () => opened - api.lines.filter(({ event }) => event === 'stream.ended').length

const idsIn = (messages: Message[]) =>
  messages.filter(({ event }) => event === 'webhookEvent').map(({ data }) => data._id)

describe('GET /events', () => {
  it('tells at once how apps are connected, then each event that comes and what becomes of it', async () => {
    const stream = await open()
    expect(stream).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
    })
    await stream.until(() => stream.messages.length > 0)
    expect(stream.messages).toMatchObject([{ event: 'install', data: { ns: 'market', status: 'installed' } }])
    const id = await accept({ n: 1 })
    await stream.until(() => idsIn(stream.messages).includes(id))
    await processDue(api.context)
    await stream.until(() => stream.messages.some(({ data }) => data.status === 'processed'))
    expect(stream.messages.at(-1)).toMatchObject({
      event: 'webhookEvent',
      data: { _id: id, ns: 'market', event: 'order.created', attempts: 1, error: null },
    })
    const key = { workspaceId: api.workspace.id, ns: 'market' }
    await api.context.db.transaction((trx) => changeInstall(trx, key, { accountName: 'Acme' }))
    await stream.until(() => stream.messages.some(({ data }) => data.accountName === 'Acme'))
    await stream.close()
  })

  it('tells nothing of another workspace, and only of the app that was asked for', async () => {
    const stream = await open({ query: '?ns=market' })
    const foreign = await accept({ n: 2 }, { workspaceId: other.id })
    const elsewhere = await accept({ n: 3 }, { ns: 'elsewhere' })
    const mine = await accept({ n: 4 })
    await stream.until(() => idsIn(stream.messages).includes(mine))
    expect(idsIn(stream.messages)).not.toContain(foreign)
    expect(idsIn(stream.messages)).not.toContain(elsewhere)
    await stream.close()
    const resumed = await open({ lastEventId: `${foreign}.0` })
    await resumed.until(() => idsIn(resumed.messages).includes(mine))
    expect(idsIn(resumed.messages)).not.toContain(foreign)
    await resumed.close()
  })

  it('resumes after the last message that was read: what came since, and what became of what had come', async () => {
    const stream = await open()
    const before = await accept({ n: 5 })
    await stream.until(() => idsIn(stream.messages).includes(before))
    const last = stream.messages.at(-1)?.id ?? ''
    await stream.close()
    api.clock.now += 60_000
    const [one, two] = [await accept({ n: 6 }), await accept({ n: 7 })]
    await processDue(api.context)
    const resumed = await open({ lastEventId: last })
    await resumed.until(() => idsIn(resumed.messages).includes(two))
    // Some of it may be told twice.
    const told = new Map(resumed.messages.map(({ data }) => [data._id, data.status]))
    expect([...told].filter(([id]) => [before, one, two].includes(id))).toEqual([
      [before, 'processed'],
      [one, 'processed'],
      [two, 'processed'],
    ])
    await resumed.close()
    const lost = await open({ lastEventId: 'something else' })
    await lost.until(() => lost.messages.some(({ event }) => event === 'gap'))
    await lost.close()
  })

  it('says that there was more, where it was too much to tell one by one', async () => {
    const stream = await open()
    await stream.until(() => stream.messages.length > 0)
    const ids = await Promise.all(Array.from({ length: 3 * MAX_ANNOUNCED_EVENTS }, (_, n) => accept({ n })))
    await stream.until(() => stream.messages.some(({ event }) => event === 'gap'))
    await stream.until(() => idsIn(stream.messages).includes(ids.at(-1)))
    await stream.close()
  })

  it('hears of what other processes do', async () => {
    const database = await (
      api.context.db as { openAgain?: () => Promise<typeof api.context.db> }
    ).openAgain?.()
    if (database === undefined) return
    const stream = await open()
    const id = await accept({ n: 8 }, { context: { ...api.context, db: database } })
    await stream.until(() => idsIn(stream.messages).includes(id))
    await stream.close()
    await database.close()
  })
})

describe('who may read', () => {
  /** All but the owner's. */
  const revokeTokens = () =>
    allWorkspaces(api.context.db.sql)
      .updateTable('appToken')
      .set({ isEnabled: false })
      .where('allowAllPermission', '=', false)
      .execute()

  it('nobody without the permission, nor at the address of another workspace', async () => {
    expect(await open({ token: 'made up' })).toMatchObject({ status: 401 })
    expect(await open({ token: await api.tokenWith('manageMiniApps') })).toMatchObject({ status: 403 })
    expect(await open({ token: await api.tokenWith('showMiniAppsConnections') })).toMatchObject({
      status: 200,
    })
  })

  it('nobody any more whose token was revoked', async () => {
    const token = await api.tokenWith('showMiniAppsConnections')
    const stream = await open({ token })
    await stream.until(() => stream.messages.length > 0)
    await revokeTokens()
    api.clock.now += 60_000
    const id = await accept({ secret: 'news' })
    await stream.until(stream.isEnded)
    expect(idsIn(stream.messages)).not.toContain(id)
  })

  it('nobody any more whose token was revoked, also where nothing happens', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const stream = await open({ token: await api.tokenWith('showMiniAppsConnections') })
    await revokeTokens()
    api.clock.now += HEARTBEAT_INTERVAL_MS
    vi.advanceTimersByTime(HEARTBEAT_INTERVAL_MS)
    await stream.until(stream.isEnded)
    expect(stream.comments).toEqual([])
  })

  it('at most so many at once in a workspace', async () => {
    const streams = await Promise.all(Array.from({ length: MAX_WATCHERS_PER_WORKSPACE + 5 }, () => open()))
    const refused = streams.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(streams.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(
      MAX_WATCHERS_PER_WORKSPACE,
    )
    await Promise.all(streams.map((stream) => stream.close()))
  })
})

it('at most so many read at once in all workspaces together', async () => {
  await vi.waitUntil(() => openStreams() === 0, PATIENCE)
  const others = Array.from({ length: MAX_WATCHERS - 1 }, () =>
    watch(api.context, { workspaceId: uuidv7(), tell: () => {}, end: () => {} }),
  )
  const last = await open()
  expect(last.status).toBe(200)
  expect(await open()).toMatchObject({ status: 429 })
  await last.close()
  await vi.waitUntil(() => openStreams() === 0, PATIENCE)
  const next = await open()
  expect(next.status).toBe(200)
  await next.close()
  for (const end of others) end?.()
})

it('shows every 15 seconds that the connection lives', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const stream = await open()
  for (let beat = 1; beat <= 3; beat++) {
    api.clock.now += HEARTBEAT_INTERVAL_MS
    vi.advanceTimersByTime(HEARTBEAT_INTERVAL_MS)
    await stream.until(() => stream.comments.length === beat)
  }
  expect(stream.comments.at(-1)).toBe(`: ${new Date(api.clock.now).toISOString()}`)
  expect(HEARTBEAT_INTERVAL_MS).toBe(15_000)
  await stream.close()
})

it('readers that take nothing in are cut off before they cost more than their share, and the others go on', async () => {
  const sockets: Socket[] = []
  api.server.server.on('connection', (socket: Socket) => sockets.push(socket))
  const readers = await Promise.all(Array.from({ length: 5 }, silentReader))
  const reading = await open()
  const dropped = () =>
    api.lines.filter(({ event, status }) => event === 'stream.ended' && status === 'slow').length
  const key = { workspaceId: api.workspace.id, ns: 'market' }
  const accountBytes = MAX_UNREAD_BYTES / 4
  let most = 0
  // What the operating system takes in for a reader is not ours to count.
  for (let turn = 0; dropped() < readers.length && turn < 2_000; turn++) {
    const accountName = String(turn).padEnd(accountBytes, 'x')
    await api.context.db.transaction((trx) => changeInstall(trx, key, { accountName }))
    most = Math.max(most, ...sockets.map(({ writableLength }) => writableLength))
    await reading.until(() => reading.messages.at(-1)?.data.accountName === accountName)
    reading.messages.splice(0)
  }
  expect(dropped()).toBe(readers.length)
  expect(most).toBeGreaterThan(accountBytes)
  expect(most).toBeLessThan(MAX_UNREAD_BYTES + 2 * accountBytes)
  expect(reading.isEnded()).toBe(false)
  await reading.close()
  for (const socket of readers) socket.destroy()
})

/** Asks for the stream and takes nothing of it in. */
async function silentReader(): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.pause()
  socket.write(`GET /events HTTP/1.1\r\nHost: x\r\nx-app-token: ${api.owner}\r\n\r\n`)
  return socket
}

it('streams end when the server stops', async () => {
  const stream = await open()
  await stream.until(() => stream.messages.length > 0)
  await api.server.close()
  await stream.until(stream.isEnded)
})
