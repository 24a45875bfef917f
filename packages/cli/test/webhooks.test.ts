/** Deliveries that the command line signs, to a really started server, which says in its event log what came of them. */
import { spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, startApp } from '../../server/src/app.ts'
import { readConfig } from '../../server/src/config.ts'
import { silentLog } from '../../server/src/log.ts'
import { type EmptyDatabase, emptyDatabase } from '../../server/test/empty-database.ts'
import { listing } from '../../server/test/ledger-app.ts'
import { type LocalServer, startLocalServer } from '../../server/test/local-server.ts'
import { nodeEnvironment } from '../../server/test/server-process.ts'
import { expectGolden } from './golden.ts'
import { BIN, cliIn, type Json, temporaryFolder } from './run-cli.ts'

const SHOP = 'https://shop.example'
const SECRET = 'secret-of-the-shop-4711'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')
const rawKey = ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex')

interface Way {
  verification?: Json
  /** Of the connect form. */
  secrets?: Record<string, string>
  /** With which the provider signs, in the place of a shared secret. */
  key?: KeyObject
  /** What cannot be told from an honest delivery. */
  sees?: { body?: false; time?: false }
}

const SIGNS_NO_TIME = { time: false } as const
const BEARS_A_TOKEN = { body: false, time: false } as const

/** Every verification type, as a provider would use it. */
const WAYS: Record<string, Way> = {
  'hmac-sha256': {
    verification: { type: 'hmac-sha256', headerName: 'X-Signature', secretKey: 's' },
    secrets: { s: SECRET },
    sees: SIGNS_NO_TIME,
  },
  'hmac-sha1': {
    verification: { type: 'hmac-sha1', headerName: 'X-Hub-Signature', secretKey: 's', encoding: 'base64' },
    secrets: { s: SECRET },
    sees: SIGNS_NO_TIME,
  },
  'hmac-sha512': {
    verification: {
      type: 'hmac-sha512',
      headerName: 'X-Signature',
      secretKey: 's',
      prefix: 'v2=',
      idHeader: 'X-Id',
      timestampHeader: 'X-Time',
      signedPayload: '{id}.{timestamp}.{url}.{body}',
    },
    secrets: { s: SECRET },
  },
  'header-token': {
    verification: { type: 'header-token', headerName: 'X-Token', secretKey: 's' },
    secrets: { s: SECRET },
    sees: BEARS_A_TOKEN,
  },
  basic: {
    verification: { type: 'basic', basic: { usernameKey: 'u', passwordKey: 's' } },
    secrets: { u: 'shop', s: SECRET },
    sees: BEARS_A_TOKEN,
  },
  jwt: {
    verification: { type: 'jwt', jwt: { algorithms: ['HS256'], secretKey: 's', issuer: 'shop' } },
    secrets: { s: SECRET },
    sees: { body: false },
  },
  'jwt-with-public-keys': {
    verification: {
      type: 'jwt',
      headerName: 'X-Token',
      jwt: { algorithms: ['RS256'], jwksUrl: `${SHOP}/keys` },
    },
    key: rsa.privateKey,
    sees: { body: false },
  },
  ed25519: {
    verification: {
      type: 'ed25519',
      headerName: 'X-Signature-Ed25519',
      timestampHeader: 'X-Signature-Timestamp',
      ed25519: { publicKey: rawKey, signedPayload: '{timestamp}{body}' },
    },
    key: ed25519.privateKey,
  },
  'standard-webhooks': {
    verification: { type: 'standard-webhooks', secretKey: 's' },
    secrets: { s: `whsec_${btoa(SECRET)}` },
  },
  stripe: { verification: { type: 'stripe', secretKey: 's' }, secrets: { s: SECRET } },
  slack: { verification: { type: 'slack', secretKey: 's' }, secrets: { s: SECRET } },
  twilio: { verification: { type: 'twilio', secretKey: 's' }, secrets: { s: SECRET }, sees: SIGNS_NO_TIME },
  none: {},
}

const TRIGGER = {
  event: 'order.created',
  img: 'shop.svg',
  icon: 'package',
  label: 'Order created',
  description: 'An order was made.',
  isCustom: false,
}

function definitionOf(ns: string, { verification, secrets = {} }: Way): Json {
  const form = Object.fromEntries(
    Object.keys(secrets).map((key) => [key, { type: 'password', label: key, required: true }]),
  )
  const isOpen = Object.keys(secrets).length === 0
  return {
    ...listing(ns, SHOP),
    auth: isOpen ? { type: 'none' } : { type: 'apikey', sensitiveKeys: Object.keys(secrets), form },
    webhook: {
      ...(verification && { verification }),
      eventExtraction: { source: 'header', path: 'X-Shop-Topic', map: { 'orders/create': 'order.created' } },
      transactionId: { paths: [{ source: 'header', path: 'X-Shop-Delivery' }] },
    },
    triggers: [{ type: `miniapps:${ns}`, ...TRIGGER }],
    source: {
      rpc_keys: {
        url: `${SHOP}/keys`,
        method: 'GET',
        dataPath: '$.keys',
        valueField: 'kid',
        labelField: 'kid',
      },
      rpc_names: {
        url: `${SHOP}/keys`,
        method: 'GET',
        dataPath: '$.keys',
        valueField: 'name',
        labelField: 'kid',
      },
    },
    sync: {
      webhooks: {
        handlers: {
          'order.updated': { recordType: 'order', operation: 'upsert', mapping: { code: '$.order_id' } },
        },
      },
    },
    ...(verification?.type === 'jwt' && { allowedHosts: ['shop.example'] }),
  }
}

const SAMPLE = {
  event: 'order.created',
  headers: { 'X-Shop-Topic': 'orders/create', 'X-Shop-Delivery': 'delivery-1' },
  body: { id: 1042, total: '19.90', note: 'قهوة' },
}

const temporary = temporaryFolder()
let shop: LocalServer
let database: EmptyDatabase
let app: App

const { run } = cliIn(temporary.folder)

async function json(args: readonly string[], env?: Record<string, string>): Promise<Json> {
  return JSON.parse((await run([...args, '--json'], env)).stdout)
}

/** Waits, as long as the test may take, until every event was processed. @throws where one will not be */
async function processed(args: readonly string[]): Promise<Json[]> {
  for (;;) {
    const { events } = await json(['events', 'list', ...args])
    if (events.every(({ status }: Json) => status === 'processed')) return events
    const failed = events.find(({ status }: Json) => status === 'failed')
    if (failed !== undefined) throw new Error(`An event has failed: ${JSON.stringify(failed)}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

const credentialsOf = ({ secrets = {} }: Way) =>
  Object.fromEntries(
    Object.entries(secrets).map(([key, value]) => [`MINIAPPS_CREDENTIAL_${key.toUpperCase()}`, value]),
  )

beforeAll(async () => {
  shop = await startLocalServer((_request, response) => {
    const keys = [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'a' }]
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }))
  })
  database = await emptyDatabase()
  const env = {
    PORT: '0',
    DATA_DIR: join(temporary.folder, 'data'),
    PROVIDER_ORIGINS: `${SHOP}=${shop.origin}`,
    ...database.env,
  }
  app = await startApp(readConfig(env, { terminal: false, workingDirectory: temporary.folder }), silentLog)
  await run(['login', app.ownerLink ?? ''])
  for (const [ns, way] of Object.entries(WAYS)) {
    const folder = join(temporary.folder, ns)
    mkdirSync(join(folder, 'samples'), { recursive: true })
    writeFileSync(join(folder, 'miniapp.json'), JSON.stringify(definitionOf(ns, way)))
    writeFileSync(join(folder, 'samples/order.created.json'), JSON.stringify(SAMPLE))
    if (way.key) writeFileSync(join(folder, 'key.pem'), way.key.export({ type: 'pkcs8', format: 'pem' }))
    expect(await run(['admin', 'app', 'register', ns])).toMatchObject({ status: 0 })
    await run(['admin', 'app', 'install', ns])
    if (way.secrets) await run(['admin', 'app', 'connect', ns], credentialsOf(way))
  }
}, 120_000)
afterAll(async () => {
  await app.close()
  await Promise.all([shop.close(), database.drop()])
  temporary.remove()
})

describe.each(Object.entries(WAYS))('webhook send, signed as %s', (ns, way) => {
  const send = ['webhook', 'send', ns, ...(way.key ? ['--private-key', `${ns}/key.pem`] : [])]
  const env = credentialsOf(way)

  it('is kept once by the server, and fires the trigger', async () => {
    const sent = await json([...send, '--times', '2'], env)
    expect(sent).toMatchObject({
      ok: true,
      event: 'order.created',
      transactionId: 'delivery-1',
      answers: [{ status: 200, body: '{"ok":true}' }, { status: 200 }],
    })
    expect(JSON.stringify(sent)).not.toContain(SECRET)
    const events = await processed(['--ns', ns])
    expect(events).toMatchObject([{ event: 'order.created', transactionId: 'delivery-1', duplicates: 1 }])
    const shown = await json(['events', 'show', events[0]?._id])
    expect(JSON.parse(shown.body)).toEqual(SAMPLE.body)
    expect(shown.stages.at(-1)).toMatchObject({ stage: 'triggers', detail: { triggers: [`miniapps:${ns}`] } })
    expect(JSON.stringify(shown.headers)).not.toContain(SECRET)
  })

  // Which signature is seen by which type is tested where the types are; here, that it is made and sent.
  const ways = ['hmac-sha256', 'slack'].includes(ns) ? ['body', 'secret', 'time', 'unsigned'] : ['secret']
  it.each(ways)('is refused with --tamper %s', async (how) => {
    const isSeen = ns !== 'none' && (way.sees as Record<string, false> | undefined)?.[how] !== false
    const sent = await json([...send, '--tamper', how, '--fresh'], env)
    expect(sent).toMatchObject({ ok: isSeen, answers: [{ status: isSeen ? 401 : 200 }] })
    const { refused } = await json(['events', 'list', '--refused', '--ns', ns])
    if (isSeen) expect(refused.length).toBeGreaterThan(0)
  })
})

/** Where no folder is called as an app is: that would be taken. */
const elsewhere = () => ({ INIT_CWD: join(temporary.folder, 'config') })

describe('events', () => {
  it('are listed page by page, and processed again', async () => {
    const of = ['--ns', 'stripe']
    await json(['webhook', 'send', 'stripe', '--fresh'], credentialsOf(WAYS['stripe'] as Way))
    await processed(of)
    const first = await json(['events', 'list', ...of, '--limit', '1'])
    const rest = await json(['events', 'list', ...of, '--after', first.next])
    expect([...first.events, ...rest.events]).toHaveLength(2)
    const [{ _id: id }] = first.events
    expect(await json(['events', 'replay', id])).toEqual({ replayed: 1 })
    await processed(of)
    expect(await json(['events', 'show', id])).toMatchObject({ round: 1, status: 'processed' })
    expect(await json(['events', 'replay', ...of, '--status', 'processed'])).toEqual({ replayed: 2 })
    await processed(of)
    const shown = await run(['events', 'show', id])
    expect(shown.stdout).toMatch(/triggers +done/)
    expect(shown.stdout).toContain('"total":"19.90"')
  })

  it.each<[string, string[], string[]]>([
    ['their transaction id', ['--transaction', 'delivery-1'], ['delivery-1']],
    ['having come more than once', ['--again'], ['delivery-1']],
    ['a customer', ['--customer', '0198c0de-0000-7000-8000-000000000000'], []],
  ])('are found by %s', async (_what, by, expected) => {
    const { events } = await json(['events', 'list', '--ns', 'stripe', ...by])
    expect(events.map(({ transactionId }: Json) => transactionId)).toEqual(expected)
  })

  it('that were refused are listed with the reason', async () => {
    const { stdout } = await run(['events', 'list', '--refused', '--ns', 'slack'])
    expect(stdout).toMatch(/signature-differs +The signature in `x-slack-signature`/i)
  })
})

describe('doctor, on a server', () => {
  async function diagnosis(ns: string, name: string, args: string[] = []): Promise<Json> {
    const { diagnoses } = await json(['doctor', ns, ...args], elsewhere())
    return diagnoses.find((one: Json) => one.name === name)
  }

  it('says of a failed signature which bag the secret came from, and that the bytes may differ', async () => {
    await json(['webhook', 'send', 'slack', '--secret', 'guessed'])
    const found = await diagnosis('slack', 'signatures')
    expect(found).toMatchObject({ verdict: 'broken', what: 'The last deliveries were refused.' })
    expect(found.facts.join('\n')).toMatch(/signature-differs.*`s` of the credentials of the install/)
    expect(found.next.join('\n')).toContain("the body's bytes differ")
    expect(await diagnosis('none', 'signatures')).toBeUndefined()
  })

  it('says under which name the event of a silent trigger came, and which one is declared', async () => {
    const env = credentialsOf(WAYS['stripe'] as Way)
    await json(['webhook', 'send', 'stripe', '--fresh', '--header', 'X-Shop-Topic=order.create'], env)
    const found = await diagnosis('stripe', 'triggers')
    expect(found).toMatchObject({ verdict: 'doubtful', what: '1 of 1 events of triggers came.' })
    expect(found.facts.join('\n')).toMatch(
      /1 × order\.create, which no trigger declares; the nearest is order\.created/,
    )
    expect(await diagnosis('none', 'triggers')).toMatchObject({ verdict: 'fine' })
  })

  it('says of a missing order what its handler looks for, and why there is no record', async () => {
    const env = credentialsOf(WAYS['basic'] as Way)
    await json(['webhook', 'send', 'basic', '--fresh', '--header', 'X-Shop-Topic=order.updated'], env)
    const of = ['events', 'list', '--ns', 'basic', '--status', 'failed']
    while ((await json(of)).events.length === 0) await new Promise((done) => setTimeout(done, 50))
    const found = await diagnosis('basic', 'records')
    expect(found).toMatchObject({
      verdict: 'broken',
      what: expect.stringMatching(/^order\.updated gave no record: /),
    })
    expect(found.facts).toEqual(expect.arrayContaining(['recordType order', 'mapping.code $.order_id']))
  })

  it('reads a dropdown with the account that is connected there', async () => {
    expect(await diagnosis('none', 'dropdown', ['--source', 'rpc_keys'])).toMatchObject({
      verdict: 'fine',
      what: 'rpc_keys has 1 options.',
    })
    expect(await diagnosis('none', 'dropdown', ['--source', 'rpc_names'])).toMatchObject({
      verdict: 'doubtful',
      facts: ['dataPath $.keys', 'valueField name', 'labelField kid'],
    })
  })

  it('shows the redirect URI that the provider has to know to the letter', async () => {
    const request = { url: `${SHOP}/token`, method: 'POST', mapping: { accessToken: '$.access_token' } }
    const auth = {
      type: 'oauth2',
      sensitiveKeys: ['client_secret', 'accessToken'],
      config: { client_id: 'client-of-the-shop', client_secret: 'secret-of-the-client' },
      auth_url: `${SHOP}/authorize?client_id={{client_id}}&redirect_uri={{redirect_uri}}&state={{state}}`,
      get_token: { ...request, body: { code: '{{code}}' } },
    }
    mkdirSync(join(temporary.folder, 'popup'))
    writeFileSync(
      join(temporary.folder, 'popup/miniapp.json'),
      JSON.stringify({ ...listing('popup', SHOP), auth }),
    )
    await run(['admin', 'app', 'register', 'popup'])
    await run(['admin', 'app', 'install', 'popup'])
    const server = (app.ownerLink ?? '').replace(/\/login\/.*/, '')
    expect(await diagnosis('popup', 'redirect URI')).toMatchObject({
      what: `The provider has to know the redirect URI ${server}/miniapps/popup/oauth2 to the letter.`,
      facts: [expect.stringMatching(/\/authorize$/)],
    })
  })
})

describe('doctor, on this machine', () => {
  it('says where the secret comes from, and which triggers no sample fires', async () => {
    const of = ['doctor', 'slack', '--bundle', 'support.json']
    const { diagnoses } = await json(of, credentialsOf(WAYS['slack'] as Way))
    const bundle = readFileSync(join(temporary.folder, 'support.json'), 'utf8')
    expect(JSON.parse(bundle).samples).toEqual([{ event: 'order.created', body: SAMPLE.body }])
    expect(bundle).not.toContain(SECRET)
    expect(diagnoses.slice(-2)).toMatchObject([
      { name: 'verification', verdict: 'fine', facts: ['`s` from the command line or the environment'] },
      { name: 'triggers', verdict: 'fine', facts: ['  1 × order.created, declared'] },
    ])
    const renamed = definitionOf('slack', WAYS['slack'] as Way)
    renamed.triggers[0].event = 'orders.created'
    mkdirSync(join(temporary.folder, 'renamed/samples'), { recursive: true })
    writeFileSync(join(temporary.folder, 'renamed/miniapp.json'), JSON.stringify(renamed))
    writeFileSync(join(temporary.folder, 'renamed/samples/order.created.json'), JSON.stringify(SAMPLE))
    const other = await json(['doctor', 'renamed'])
    expect(other.diagnoses.slice(-2)).toMatchObject([
      { name: 'verification', verdict: 'doubtful', facts: ['`s` from nowhere'] },
      {
        name: 'triggers',
        verdict: 'broken',
        facts: [
          '  1 × order.created, which no trigger declares; the nearest is orders.created',
          'never came: orders.created',
        ],
      },
    ])
  })
})

describe('webhook send, of an app on the server', () => {
  const data = ['--data', JSON.stringify({ id: 7 }), '--header', 'X-Shop-Topic=orders/create']
  const send = (ns: string, ...more: string[]) => ['webhook', 'send', ns, ...data, '--fresh', ...more]

  it.each(['stripe', 'hmac-sha512', 'none'])(
    'is signed as %s, by the definition that is there',
    async (ns) => {
      const env = { ...credentialsOf(WAYS[ns] as Way), ...elsewhere() }
      const before = await json(['events', 'list', '--ns', ns])
      const sent = await json(send(ns), env)
      expect(sent).toMatchObject({ ok: true, ns, event: 'order.created', answers: [{ status: 200 }] })
      expect(JSON.stringify(sent)).not.toContain(SECRET)
      expect((await processed(['--ns', ns])).length).toBe(before.events.length + 1)
    },
  )

  it('is signed with a private key, or a secret of the command line', async () => {
    const key = join(temporary.folder, 'ed25519/key.pem')
    expect(await json(send('ed25519', '--private-key', key), elsewhere())).toMatchObject({ ok: true })
    expect(await json(send('slack', '--secret', SECRET), elsewhere())).toMatchObject({ ok: true })
    const refused = await json(send('slack', '--secret', SECRET, '--tamper', 'body'), elsewhere())
    expect(refused).toMatchObject({ ok: true, answers: [{ status: 401 }] })
  })

  it('takes the body of a sample, and goes where --to says', async () => {
    const sample = join(temporary.folder, 'slack/samples/order.created.json')
    const to = ['webhook', 'send', 'slack', '--sample', sample, '--to', `${shop.origin}/hook`]
    const sent = await json(to, { ...credentialsOf(WAYS['slack'] as Way), ...elsewhere() })
    expect(sent).toMatchObject({ ok: true, transactionId: 'delivery-1' })
    expect(shop.requests.at(-1)).toMatchObject({ url: '/hook', body: JSON.stringify(SAMPLE.body) })
  })
})

const golden = async (name: string, args: string[], env?: Record<string, string>) => {
  const given = await run(args, env)
  expect(given.stdout + given.stderr).not.toContain(SECRET)
  expectGolden(name, {
    args,
    env: env && Object.fromEntries(Object.keys(env).map((key) => [key, '…'])),
    run: given,
  })
}

describe('a broken call says what happened, where, and what to do next', () => {
  const signed = credentialsOf(WAYS['slack'] as Way)
  it.each<[string, string[], Record<string, string>?]>([
    ['webhook-without-secret', ['webhook', 'send', 'slack']],
    ['webhook-without-private-key', ['webhook', 'send', 'ed25519']],
    ['webhook-of-another-event', ['webhook', 'send', 'slack', '--event', 'order.made'], signed],
    ['webhook-with-another-secret', ['webhook', 'send', 'slack', '--secret', 'guessed'], undefined],
    ['webhook-that-should-be-refused', ['webhook', 'send', 'none', '--tamper', 'unsigned']],
    ['webhook-to-no-address', ['webhook', 'send', 'slack', '--to', 'localhost:4100'], signed],
    ['webhook-secret-that-none-needs', ['webhook', 'send', 'none', '--secret', SECRET]],
    ['events-that-nobody-named', ['events', 'replay']],
    ['event-that-there-is-not', ['events', 'show', 'nothing']],
    ['port-that-is-none', ['webhook', 'listen', '--port', '70000']],
  ])('%s', async (name, args, env) => {
    if (args.includes(SECRET)) {
      const given = await run(args, env)
      expect(given.stdout + given.stderr).not.toContain(SECRET)
      return expectGolden(name, { args: args.map((arg) => (arg === SECRET ? '…' : arg)), run: given })
    }
    await golden(name, args, env)
  })
})

describe('a broken call of an app on the server says what happened, and what to do next', () => {
  const signed = credentialsOf(WAYS['slack'] as Way)
  const signedOut = { XDG_CONFIG_HOME: join(temporary.folder, 'nobody') }
  it.each<[string, string[], Record<string, string>?]>([
    ['webhook-of-an-app-while-signed-out', ['slack'], signedOut],
    ['webhook-of-an-app-that-nobody-sees', ['slak', '--data', '{}']],
    ['webhook-of-an-app-that-takes-none', ['deaf', '--data', '{}']],
    ['webhook-of-an-app-without-body', ['slack'], signed],
    ['webhook-of-an-app-without-secret', ['slack', '--data', '{}']],
    ['webhook-of-an-app-with-an-unknown-credential', ['slack', '--data', '{}', '-c', 'password=x']],
  ])('%s', async (name, args, env = {}) => {
    if (args.includes('deaf')) {
      mkdirSync(join(temporary.folder, 'deaf'))
      const { webhook: _webhook, triggers: _triggers, sync: _sync, ...deaf } = definitionOf('deaf', {})
      writeFileSync(join(temporary.folder, 'deaf/miniapp.json'), JSON.stringify(deaf))
      expect(await run(['admin', 'app', 'register', 'deaf'])).toMatchObject({ status: 0 })
    }
    const given = await run(['webhook', 'send', ...args], { ...env, ...elsewhere() })
    expect(given.stdout + given.stderr).not.toContain(SECRET)
    expect(given.status).toBeGreaterThan(0)
    expectGolden(name, {
      args: ['webhook', 'send', ...args],
      env: env === signed ? Object.fromEntries(Object.keys(env).map((key) => [key, '…'])) : undefined,
      run: given,
      replace: { [join(temporary.folder, 'config')]: '/home' },
    })
  })
})

describe('webhook listen', () => {
  /** As a process of its own: it ends by a signal or a count. */
  async function listen(args: readonly string[], input = '') {
    const child = spawn(process.execPath, [BIN, 'webhook', 'listen', ...args, '--port', '0', '--json'], {
      cwd: temporary.folder,
      env: nodeEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.end(input)
    const lines: string[] = []
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    const reader = createInterface(child.stderr).on('line', (line) => lines.push(line))
    await once(reader, 'line')
    const address = /http:\S+(?=;)/.exec(lines[0] ?? '')?.[0] ?? ''
    const ended = once(child, 'close').then(([status]) => ({ status, document: JSON.parse(stdout), lines }))
    return { address, ended, child }
  }

  it('verifies by a definition, and saves samples that can be sent again', async () => {
    const env = credentialsOf(WAYS['slack'] as Way)
    const { address, ended } = await listen(
      ['slack', '--secret', '-', '--save', 'captured', '--count', '3'],
      `${SECRET}\n`,
    )
    const to = ['webhook', 'send', 'slack', '--to', `${address}/hook?shop=1`]
    expect(await json(to, env)).toMatchObject({ ok: true })
    expect(await json(to, env)).toMatchObject({ ok: true })
    expect(await json([...to, '--tamper', 'body'], env)).toMatchObject({
      ok: true,
      answers: [{ status: 401 }],
    })
    const { status, document, lines } = await ended
    expect(status).toBe(1)
    expect(document.deliveries).toMatchObject([
      { event: 'order.created', isRepetition: false, verdict: expect.stringMatching(/^verified with `s`/) },
      { event: 'order.created', isRepetition: true },
      { isRefused: true, verdict: expect.stringMatching(/^refused, signature-differs/) },
    ])
    expect(lines.join('\n') + JSON.stringify(document)).not.toContain(SECRET)
    expect(readdirSync(join(temporary.folder, 'captured')).sort()).toEqual([
      'order.created.2.json',
      'order.created.3.json',
      'order.created.json',
    ])
    const text = readFileSync(join(temporary.folder, 'captured/order.created.json'), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ verified: true, event: 'order.created', body: SAMPLE.body })
    expect(text).not.toMatch(/x-slack-signature"|host"/)
    const again = ['webhook', 'send', 'slack', '--sample', 'captured/order.created.json', '--fresh']
    expect(await json(again, env)).toMatchObject({ ok: true, event: 'order.created' })
  })

  it('takes anything without a definition, hides nothing it does not know, and ends when it is interrupted', async () => {
    const { address, ended, child } = await listen([])
    const answer = await fetch(address, {
      method: 'POST',
      body: 'a=1',
      headers: { authorization: 'Basic eA==' },
    })
    expect(answer.status).toBe(200)
    child.kill('SIGINT')
    const { status, document } = await ended
    expect(status).toBe(0)
    expect(document.deliveries).toMatchObject([{ event: null, saved: null, bodyBytes: 3 }])
    expect(JSON.stringify(document)).not.toContain('eA==')
  })
})
