/** A provider with an account for each key, whose answers all name the account, and apps that use it. */
import { listing } from '../../packages/server/test/ledger-app.ts'
import { type LocalServer, startLocalServer } from '../../packages/server/test/local-server.ts'

export const ORIGIN = 'https://accounts.example'

/** `shared`: both workspaces have it; `atlas`: the victim alone; `boreal`: nobody. */
export const APPS = ['shared', 'atlas', 'boreal'] as const

const headers = { Authorization: 'Bearer [[accessToken]]' }
const answer = { account: '$.account' }

export function definitionOf(ns: string): Record<string, unknown> {
  return {
    ...listing(ns, ORIGIN),
    title: 'Accounts',
    label: 'Accounts',
    status: 'public',
    auth: {
      type: 'bearer_token',
      sensitiveKeys: ['accessToken', 'refreshToken'],
      form: { owner: { type: 'text', label: 'Owner', required: true } },
      get_token: {
        url: `${ORIGIN}/token`,
        method: 'POST',
        body: { owner: '{{owner}}' },
        mapping: { accessToken: '$.token', refreshToken: '$.token' },
      },
      refresh_token: {
        url: `${ORIGIN}/token`,
        method: 'POST',
        body: { owner: '[[refreshToken]]' },
        mapping: { accessToken: '$.token', refreshToken: '$.token' },
      },
      userDetails: {
        url: `${ORIGIN}/me`,
        method: 'GET',
        headers,
        mapping: { uid: '$.account', name: '$.account' },
      },
    },
    actions: [
      {
        name: 'look',
        title: 'Look',
        description: 'Says whose account it is.',
        requests: [{ url: `${ORIGIN}/me`, method: 'GET', headers, mapping: answer }],
      },
    ],
    source: {
      rpc_items: {
        url: `${ORIGIN}/items`,
        method: 'GET',
        headers,
        valueField: 'account',
        labelField: 'account',
      },
    },
  }
}

export function startAccounts(): Promise<LocalServer> {
  const server = startLocalServer(async (request, response) => {
    const body = (await server).requests.at(-1)?.body ?? ''
    const send = (value: unknown) =>
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    if (request.url === '/token') {
      const { owner } = JSON.parse(body) as { owner: string }
      return send({ token: owner.startsWith('token-of-') ? owner : `token-of-${owner}` })
    }
    const account = `account-${(request.headers.authorization ?? '').replace('Bearer token-of-', '')}`
    return send(request.url === '/items' ? [{ account }] : { account })
  })
  return server
}
