import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { compileDefinition, createRedactor, type Definition, readOptions } from 'miniapp'
import { expect, it, onTestFinished } from 'vitest'
import { listing } from '../../test/ledger-app.ts'
import { startLocalServer } from '../../test/local-server.ts'
import { createSend } from './send.ts'

const ORIGIN = 'https://shelf.example'
const BAGS = { credentials: {}, metadata: {}, userInput: {}, config: {} }

/** A stand-in that lists its books on two pages; `next` names the second one. */
async function readBooks(next: (standIn: string) => string) {
  const server = await startLocalServer((request, response) => {
    const isFirst = !request.url?.includes('page=2')
    const body = isFirst ? { books: [{ id: 1 }], next: next(server.origin) } : { books: [{ id: 2 }] }
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  })
  onTestFinished(() => server.close())
  const egress = createSend({ allowPrivateNetworks: [], providerOrigins: new Map([[ORIGIN, server.origin]]) })
  onTestFinished(() => egress.close())
  const compiled = compileDefinition({
    ...listing('shelf', ORIGIN),
    auth: { type: 'none' },
    source: {
      rpc_books: {
        url: `${ORIGIN}/books`,
        method: 'GET',
        dataPath: '$.books',
        valueField: 'id',
        labelField: 'id',
        pagination: { type: 'nextUrl', nextUrlPath: '$.next' },
      },
    },
  } as unknown as Definition)
  const source = compiled.sources.get('rpc_books')
  if (!source) throw new Error('The definition has no source.')
  return readOptions(
    source,
    {
      bags: BAGS,
      input: {},
      system: {},
      allowedHosts: compiled.declaredHosts(BAGS),
      redact: createRedactor([]),
      functions: undefined,
    },
    {
      send: egress.send,
      originalUrl: egress.originalUrl,
      runFunction: () => Promise.reject(new Error('There is no function.')),
      now: Date.now,
      random: Math.random,
      sleep: (ms) => sleep(ms),
      uuid: randomUUID,
    },
    { deadlineMs: 5_000 },
  )
}

it.each([
  ['the address where it listens', (standIn: string) => `${standIn}/books?page=2`],
  ['the provider', () => `${ORIGIN}/books?page=2`],
  ['a path', () => '/books?page=2'],
])('a list goes on where its stand-in names the next page by %s', async (_name, next) => {
  const outcome = await readBooks(next)
  expect(outcome.ok && outcome.options.map(({ value }) => value)).toEqual([1, 2])
})

it('a list ends where its stand-in names the next page by any other address', async () => {
  const outcome = await readBooks(() => 'http://127.0.0.1:1/books?page=2')
  expect(outcome).toMatchObject({ ok: false, error: { message: expect.stringContaining('another address') } })
})
