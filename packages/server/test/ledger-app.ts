/** A small service of our own and its definition, for tests that need a provider to misbehave on command. */
import type { RequestListener } from 'node:http'
import { type LocalServer, startLocalServer } from './local-server.ts'

/** Where the definition believes the service to be; `PROVIDER_ORIGINS` sends it elsewhere. */
export const LEDGER_ORIGIN = 'https://ledger.example'

const headers = { Authorization: 'Bearer [[accessToken]]' }

/** What every definition needs besides what it does. */
export function listing(ns: string, origin: string): Record<string, unknown> {
  return {
    ns,
    name: ns,
    type: ns,
    title: ns,
    label: ns,
    shortDescription: 'Keeps entries in books.',
    description: 'Keeps entries in books.',
    status: 'private',
    version: '1.0.0',
    category: 'productivity',
    icon: `${origin}/icon.svg`,
    logo: `${origin}/logo.svg`,
    docsUrl: `${origin}/docs`,
  }
}

/** @param changes replace top-level members */
export function ledgerDefinition(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...listing('ledger', LEDGER_ORIGIN),
    status: 'public',
    auth: {
      type: 'bearer_token',
      sensitiveKeys: ['apiKey', 'accessToken'],
      form: {
        apiKey: { type: 'password', label: 'API key', required: true },
        region: { type: 'select', label: 'Region', required: true, options: ['eu', 'us'], default: 'eu' },
      },
      get_token: {
        url: `${LEDGER_ORIGIN}/token`,
        method: 'POST',
        body: { key: '[[apiKey]]', region: '{{region}}' },
        mapping: { accessToken: '$.token' },
      },
      test_token: { url: `${LEDGER_ORIGIN}/ping`, method: 'GET', headers, mapping: { ok: '$.ok' } },
      userDetails: {
        url: `${LEDGER_ORIGIN}/me`,
        method: 'GET',
        headers,
        mapping: { uid: '$.uid', name: '$.name', plan: '$.plan' },
      },
    },
    actions: [addEntry, sumEntries, callHome],
    source: {
      rpc_books: {
        url: `${LEDGER_ORIGIN}/books`,
        method: 'GET',
        headers,
        valueField: 'id',
        labelField: 'name',
      },
      rpc_entries: {
        url: `${LEDGER_ORIGIN}/books/{{book}}/entries`,
        method: 'GET',
        headers,
        dataPath: '$.entries',
        valueField: 'id',
        labelField: 'title',
        valueFields: { title: 'title' },
      },
    },
    functions: {
      total: {
        params: ['amounts'],
        code: 'console.log(amounts.length + " amounts"); if (amounts.length === 0) throw new Error("There is nothing to add up."); return { total: amounts.reduce((sum, amount) => sum + amount, 0) }',
      },
    },
    ...changes,
  }
}

const addEntry = {
  name: 'addEntry',
  title: 'Add an entry',
  description: 'Adds an entry to a book, after looking the book up.',
  parameters: {
    type: 'object',
    properties: {
      book: {
        type: 'string',
        title: 'Book',
        'x-source': 'rpc_books',
        'x-fallback': 'input',
        'x-path': 'segment',
      },
      entry: {
        type: 'string',
        title: 'Entry',
        'x-source': 'rpc_entries',
        'x-depends-on': ['book'],
        'x-fallback': 'input',
      },
      amount: { type: 'number', title: 'Amount', minimum: 0 },
      tags: { type: 'array', items: { type: 'string' } },
    },
    required: ['book', 'amount'],
  },
  requests: [
    {
      url: `${LEDGER_ORIGIN}/books/{{book}}`,
      method: 'GET',
      headers,
      mapping: [{ name: 'bookId', value: '$.id' }],
    },
    {
      url: `${LEDGER_ORIGIN}/entries`,
      method: 'POST',
      headers,
      body: { book: '{{bookId}}', amount: '{{amount}}', tags: '{{tags}}' },
      mapping: { id: '$.id', amount: '$.amount', tags: '$.tags' },
    },
  ],
}

const sumEntries = {
  name: 'sumEntries',
  title: 'Sum the entries',
  description: 'Adds up what is given.',
  parameters: { type: 'object', properties: { amounts: { type: 'array', items: { type: 'number' } } } },
  requests: [{ type: 'function', name: 'total', args: { amounts: '{{amounts}}' } }],
}

const callHome = {
  name: 'callHome',
  title: 'Call another address',
  description: 'Asks for a path of the service.',
  parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  requests: [{ url: `${LEDGER_ORIGIN}/{{path}}`, method: 'GET', headers, mapping: { answer: '$' } }],
}

const BOOKS = [
  { id: 'b1', name: 'Sales' },
  { id: 'b2', name: 'Costs' },
]

/** Knows keys that begin with `key-`; the account of `key-NAME` has the uid `uid-NAME`. */
export async function startLedger(): Promise<LocalServer> {
  const respond: RequestListener = (request, response) => {
    const body = server.requests.at(-1)?.body ?? ''
    const send = (status: number, value: unknown) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    const path = request.url ?? ''
    if (path === '/token') {
      const { key } = JSON.parse(body) as { key: string }
      if (!key.startsWith('key-')) return send(401, { error: `The key ${key} is not known.` })
      return send(200, { token: `token-of-${key.slice(4)}` })
    }
    const account = /^Bearer token-of-(.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (account === undefined) return send(401, { error: 'No valid token was sent.' })
    if (path === '/me')
      return send(200, {
        uid: account === 'nobody' ? '' : `uid-${account}`,
        name: `Account ${account}`,
        plan: 'pro',
      })
    if (path === '/books') return send(200, BOOKS)
    const [, book] = /^\/books\/([^/]+)$/.exec(path) ?? []
    const found = BOOKS.find(({ id }) => id === book)
    if (book !== undefined)
      return found ? send(200, found) : send(404, { message: `There is no book ${book}.` })
    if (/^\/books\/[^/]+\/entries$/.test(path)) return send(200, { entries: [{ id: 1, title: 'First' }] })
    if (path === '/entries') return send(201, { id: 42, ...(JSON.parse(body) as object) })
    return send(200, { ok: true })
  }
  const server = await startLocalServer(respond)
  return server
}
