/** A small service of our own and its definition, for tests that need a provider to misbehave on command. */
import type { RequestListener } from 'node:http'
import { createLedgerGrants, type LedgerGrants } from './ledger-grants.ts'
import { createLedgerHooks, type LedgerHooks } from './ledger-hooks.ts'
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

const tokens = {
  url: `${LEDGER_ORIGIN}/oauth/token`,
  method: 'POST',
  bodyType: 'x-www-form-urlencoded',
  mapping: { accessToken: '$.access_token', refreshToken: '$.refresh_token', expiresIn: '$.expires_in' },
}

/** Registers a webhook in three requests, of which the second hands something to the third alone. */
export const LEDGER_REGISTRATION = [
  {
    url: `${LEDGER_ORIGIN}/hooks`,
    method: 'POST',
    headers,
    body: { url: '{{webhookUrl}}', secret: '{{webhookSecret}}' },
    mapping: { hookId: '$.id' },
  },
  {
    url: `${LEDGER_ORIGIN}/hooks/[[hookId]]/events`,
    method: 'POST',
    headers,
    body: { events: ['entry.added'] },
    mapping: [{ name: 'receipt', value: '$.receipt' }],
  },
  {
    url: `${LEDGER_ORIGIN}/hooks/[[hookId]]/activate`,
    method: 'POST',
    headers,
    body: { receipt: '{{receipt}}' },
  },
]

export const LEDGER_UNREGISTRATION = [{ url: `${LEDGER_ORIGIN}/hooks/[[hookId]]`, method: 'DELETE', headers }]

/** The ledger with access tokens that expire. @param auth replace members of `auth`; an undefined one leaves it out */
export function refreshingLedgerDefinition(
  ns: string,
  auth: Record<string, unknown> = {},
): Record<string, unknown> {
  const definition = ledgerDefinition({ ns, name: ns, type: ns })
  const members = {
    ...(definition['auth'] as object),
    sensitiveKeys: ['apiKey', 'accessToken', 'refreshToken'],
    get_token: { ...tokens, body: { key: '[[apiKey]]' } },
    refresh_token: { ...tokens, body: { grant_type: 'refresh_token', refresh_token: '[[refreshToken]]' } },
    auto_refresh: true,
    ...auth,
  }
  const given = Object.entries(members).filter(([, member]) => member !== undefined)
  return { ...definition, auth: Object.fromEntries(given) }
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

export interface Ledger extends LocalServer {
  grants: LedgerGrants
  hooks: LedgerHooks
}

/** Knows keys that begin with `key-`; the account of `key-NAME` has the uid `uid-NAME`. */
export async function startLedger(): Promise<Ledger> {
  const grants = createLedgerGrants()
  const hooks = createLedgerHooks()
  const respond: RequestListener = (request, response) => {
    const body = server.requests.at(-1)?.body ?? ''
    const send = (status: number, value: unknown) =>
      response
        .writeHead(status, { 'Content-Type': 'application/json' })
        .end(value === undefined ? undefined : JSON.stringify(value))
    const { url: path = '', method = '' } = request
    if (path === '/token') {
      const { key } = JSON.parse(body) as { key: string }
      if (!key.startsWith('key-')) return send(401, { error: `The key ${key} is not known.` })
      return send(200, { token: `token-of-${key.slice(4)}` })
    }
    if (path === '/oauth/token') {
      const { status, value } = grants.exchange(new URLSearchParams(body))
      return send(status, value)
    }
    const { authorization } = request.headers
    const account = /^Bearer token-of-(.+)$/.exec(authorization ?? '')?.[1] ?? grants.accountOf(authorization)
    if (account === undefined) return send(401, { error: 'No valid token was sent.' })
    const answer = hooks.answer({ method, path, body, account }) ?? answerOf(path, body, account)
    return send(answer.status, answer.value)
  }
  const server = await startLocalServer(respond)
  return Object.assign(server, { grants, hooks })
}

function answerOf(path: string, body: string, account: string): { status: number; value: unknown } {
  const ok = (value: unknown, status = 200) => ({ status, value })
  if (path === '/me') {
    const uid = account === 'nobody' ? '' : `uid-${account}`
    return ok({ uid, name: `Account ${account}`, plan: 'pro' })
  }
  if (path === '/books') return ok(BOOKS)
  const [, book] = /^\/books\/([^/]+)$/.exec(path) ?? []
  const found = BOOKS.find(({ id }) => id === book)
  if (book !== undefined) return found ? ok(found) : ok({ message: `There is no book ${book}.` }, 404)
  if (/^\/books\/[^/]+\/entries$/.test(path)) return ok({ entries: [{ id: 1, title: 'First' }] })
  if (path === '/entries') return ok({ id: 42, ...(JSON.parse(body) as object) }, 201)
  return ok({ ok: true })
}
