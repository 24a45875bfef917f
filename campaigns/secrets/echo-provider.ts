/**
 * A provider that gives every secret back that it ever got or made, in the encodings and places in which real ones do, and
 * beside each a control that is no secret, so that the search is seen to work.
 */
import type { ServerResponse } from 'node:http'
import { type LocalServer, startLocalServer } from '../../packages/server/test/local-server.ts'
import { type Canary, FORMS, makeValue } from './canaries.ts'

/** Bytes; beyond what the platform reads of an answer. */
const TOO_MUCH = 11 * 1024 * 1024

export interface EchoProvider extends LocalServer {
  canaries: Canary[]
  control: Canary
  /** How requests to this path answer from now on; `good` for all others. */
  misbehave(path: string, mode: Mode): void
  /** Answers of another kind than `good` so far. */
  misbehaved: number
  /** The newest of a kind of secret that it made. */
  newest(kind: string): string
}

interface Echo {
  /** Everything it knows, and the control. */
  secrets: readonly string[]
  response: ServerResponse
}

type Answer = (echo: Echo) => void

const json = (
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
) => response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value))
const html = (response: ServerResponse, status: number, text: string) =>
  response.writeHead(status, { 'Content-Type': 'text/html' }).end(text)

/** The first that could be a name. */
const wordIn = (secrets: readonly string[]) =>
  secrets.find((secret) => /^[A-Za-z0-9]+$/.test(secret)) ?? 'none'

const entities = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
/** A form fills what the platform cuts off: the secret stands across the cut. */
const acrossCut = (at: number) => (secret: string) => `${'x'.repeat(at - 10)}${secret}`
const ENCODINGS: ((secret: string) => string)[] = [
  (secret) => secret,
  encodeURIComponent,
  (secret) => encodeURIComponent(secret).replace(/%../g, (byte) => byte.toLowerCase()),
  (secret) => encodeURIComponent(encodeURIComponent(secret)),
  (secret) => JSON.stringify(JSON.stringify(secret)),
  entities,
  ...[0, 1, 2].map(
    (pad) => (secret: string) => Buffer.from(`${'u:'.slice(0, pad)}${secret}`).toString('base64'),
  ),
  (secret) => Buffer.from(secret).toString('base64url'),
  ...(['percent', 'json-escaped', 'html-decimal', 'html-hex'] as const).map(
    (form) => (secret: string) => FORMS[form](secret).join(''),
  ),
]
const everyForm = (secrets: readonly string[]) =>
  secrets.map((secret) => ENCODINGS.map((encode) => encode(secret)).join(' '))

/** Statuses with an error text in each encoding, one encoding an answer. */
const told: [string, Answer][] = [400, 401, 403, 404, 429, 500].flatMap((status, index) =>
  ENCODINGS.filter((_, place) => place % 6 === index || place === 0).map(
    (encode, place): [string, Answer] => [
      `told-${status}-${place}`,
      ({ secrets, response }) =>
        // At once again: else the platform would not ask for the paths that follow.
        json(response, status, { error: { message: secrets.map(encode).join(' ') } }, { 'Retry-After': '0' }),
    ],
  ),
)

const MODES_WITH_ANSWERS = {
  ...Object.fromEntries(told),
  // The control, which is the last, first: what is kept of an answer may end before it.
  'every-form': ({ secrets, response }) =>
    json(response, 422, { message: everyForm(secrets.toReversed()).join(' ') }),
  'error-code': ({ secrets, response }) => {
    json(response, 400, { error: wordIn(secrets), message: secrets[0] })
  },
  names: ({ secrets, response }) =>
    json(response, 400, { errors: Object.fromEntries(secrets.map((secret) => [secret, [secret]])) }),
  page: ({ secrets, response }) =>
    html(
      response,
      403,
      `<html><title>Denied ${secrets.map(entities)}</title><body>${secrets.map(entities)}</body>`,
    ),
  'long-text': ({ secrets, response }) =>
    html(response, 502, secrets.map((secret) => acrossCut(500)(secret)).join('\n')),
  'long-page': ({ secrets, response }) =>
    json(response, 500, {
      message: acrossCut(500)(secrets[0] ?? ''),
      detail: acrossCut(4096 - 600)(secrets.join(' ')),
    }),
  headers: ({ secrets, response }) =>
    json(
      response,
      401,
      { error: 'no' },
      {
        'X-Echo': secrets.map(encodeURIComponent).join(' '),
        'Set-Cookie': `session=${secrets.map(encodeURIComponent).join('.')}`,
        'WWW-Authenticate': `Bearer error="${secrets.map(encodeURIComponent).join(' ')}"`,
      },
    ),
  'bad-json': ({ secrets, response }) =>
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(`${secrets.join(' ')}`),
  'bad-json-late': ({ secrets, response }) =>
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(`{"a": ${secrets.join(' ')}`),
  'wrong-shape': ({ secrets, response }) => json(response, 200, { other: secrets, error: secrets.join(' ') }),
  'text-200': ({ secrets, response }) => html(response, 200, secrets.join(' ')),
  'good-echo': ({ secrets, response }) => {
    const [first = '', second = first] = secrets
    const tokens = { access_token: first, refresh_token: second }
    json(response, 200, {
      ok: true,
      uid: 'account-1',
      name: secrets.join(' '),
      id: first,
      receipt: second,
      ...tokens,
    })
  },
  redirect: ({ secrets, response }) =>
    response
      .writeHead(302, {
        Location: `https://elsewhere.example/?t=${secrets.map(encodeURIComponent).join('&t=')}`,
      })
      .end(),
  'redirect-name': ({ secrets, response }) =>
    response.writeHead(302, { Location: `https://${wordIn(secrets)}.internal/` }).end(),
  'redirect-blocked': ({ secrets, response }) =>
    response
      .writeHead(302, { Location: `http://127.0.0.1:9/${secrets.map(encodeURIComponent).join('/')}` })
      .end(),
  'redirect-broken': ({ secrets, response }) =>
    response.writeHead(302, { Location: `http://[${encodeURIComponent(secrets[0] ?? '')}` }).end(),
  cut: ({ secrets, response }) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100000' })
    response.write(`{"message": ${JSON.stringify(secrets)}`, () => response.destroy())
  },
  'cut-at-once': ({ response }) => response.destroy(),
  'broken-protocol': ({ secrets, response }) => {
    response.socket?.end(`HTTP/1.1 200 ${secrets[0]}\u0001\r\n${secrets[0]}: \u0001\r\n\r\n`)
  },
  'broken-compression': ({ secrets, response }) =>
    response
      .writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
      .end(secrets.join(' ')),
  'too-large': ({ secrets, response }) => {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(`${JSON.stringify(secrets)}${' '.repeat(TOO_MUCH)}`)
  },
} as const satisfies Record<string, Answer>

export type Mode = string
/** Every way to misbehave. */
export const MODES: readonly Mode[] = Object.keys(MODES_WITH_ANSWERS)

/** Secrets of single requests that the platform made: what a webhook is signed with, and the like. */
const MADE_BY_PLATFORM = ['webhookSecret', 'code_verifier'] as const

export async function startEchoProvider(given: readonly Canary[]): Promise<EchoProvider> {
  const canaries = [...given]
  const control: Canary = { name: 'control', value: makeValue('Control'), allowed: [] }
  const modes = new Map<string, Mode>()
  const made = new Map<string, string>()

  const make = (kind: string): string => {
    const value = makeValue(kind)
    canaries.push({ name: `${kind} ${canaries.length}`, value, allowed: [] })
    made.set(kind, value)
    return value
  }
  const tokens = () => ({ access_token: make('access'), refresh_token: make('refresh'), expires_in: 3600 })
  const learn = (body: string) => {
    const fields = body.startsWith('{')
      ? (JSON.parse(body) as Record<string, unknown>)
      : Object.fromEntries(new URLSearchParams(body))
    for (const name of MADE_BY_PLATFORM) {
      const value = fields[name]
      if (typeof value === 'string' && !canaries.some((canary) => canary.value === value))
        canaries.push({ name: `${name} ${canaries.length}`, value, allowed: [] })
    }
  }
  const GOOD: Record<string, () => unknown> = {
    '/token': tokens,
    '/refresh': tokens,
    '/me': () => ({ uid: 'account-1', name: `Somebody with ${control.value}` }),
    '/hooks': () => ({ id: make('hookId'), receipt: make('receipt') }),
    '/options': () => [
      { id: control.value, name: newest('access') },
      { id: newest('access'), name: control.value },
    ],
    '/echo': () => ({ message: `${newest('access')} ${control.value}`, nested: [newest('refresh')] }),
  }
  const newest = (kind: string) => made.get(kind) ?? ''

  const local = await startLocalServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const sent = local.requests.at(-1)
    if (sent?.body) learn(sent.body)
    const mode = modes.get(path) as keyof typeof MODES_WITH_ANSWERS | undefined
    if (mode === undefined) return json(response, 200, GOOD[path]?.() ?? { ok: true })
    // What it got with this request first, as a provider would; then all else that it knows.
    const carried = `${JSON.stringify(sent?.headers)} ${sent?.body} ${sent?.url}`
    const secrets = canaries.map(({ value }) => value)
    const fresh = secrets.filter(
      (secret) =>
        carried.includes(secret) ||
        carried.includes(JSON.stringify(secret).slice(1, -1)) ||
        carried.includes(encodeURIComponent(secret)),
    )
    provider.misbehaved += 1
    MODES_WITH_ANSWERS[mode]({ secrets: [...fresh, control.value], response })
  })
  const provider: EchoProvider = Object.assign(local, {
    misbehaved: 0,
    canaries,
    control,
    misbehave(path: string, mode: Mode) {
      modes.clear()
      if (mode !== 'good') modes.set(path, mode)
    },
    newest,
  })
  return provider
}
