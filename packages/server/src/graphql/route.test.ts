/** The wire: errors that a stranger can act on (golden file), limits of HTTP, addresses, headers, log lines. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { signIn, type TestApi, testApi } from '../../test/api.ts'
import { createWorkspace } from '../account/create-workspace.ts'
import { MAX_ALIASES, MAX_BODY_BYTES, MAX_DEPTH, MAX_TOKENS } from './limits.ts'

const GOLDEN = '../../test/golden/graphql-errors.txt'
const ME = '{ currentUser { _id } }'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

interface Broken {
  name: string
  /** A string is sent as it is, anything else as JSON. Absent: a GET. */
  body?: unknown
  headers?: Record<string, string>
  url?: string
  /** Default: the owner's. */
  token?: string
}

const deep = `{ currentUser { departments ${'{ parent '.repeat(MAX_DEPTH - 2)}{ _id }${' }'.repeat(MAX_DEPTH - 2)} } }`
const aliases = Array.from({ length: MAX_ALIASES + 1 }, (_, index) => `a${index}: currentUser { _id }`)
const tokens = `{ apps(searchValue: "x") { data { ${'name '.repeat(MAX_TOKENS)} } } }`

const BROKEN: Broken[] = [
  { name: 'a body that is not JSON', body: '{"query": ' },
  { name: 'an empty body', body: '' },
  { name: 'a body that is not UTF-8', body: Buffer.from([0x22, 0xff, 0x22]) },
  { name: 'a body that is no object', body: '"{ currentUser { _id } }"' },
  { name: 'a batch', body: [{ query: ME }, { query: ME }] },
  { name: 'no query', body: { operation: ME } },
  { name: 'an empty query', body: { query: '  ' } },
  { name: 'variables that are text', body: { query: ME, variables: '{}' } },
  { name: 'an operation name that is a number', body: { query: ME, operationName: 1 } },
  { name: 'a query cut short', body: { query: '{ currentUser { _id }' } },
  { name: 'an unknown operation', body: { query: '{ currentUsers { _id } }' } },
  { name: 'an unknown field', body: { query: '{ apps { data { nam } } }' } },
  { name: 'no fields selected', body: { query: '{ currentUser }' } },
  { name: 'an unknown argument', body: { query: '{ apps(limit: 5) { data { _id } } }' } },
  { name: 'a missing argument', body: { query: 'mutation { appsRemove }' } },
  { name: 'an argument of the wrong type', body: { query: '{ apps(page: "2") { data { _id } } }' } },
  {
    name: 'a variable that was not sent',
    body: { query: 'mutation ($id: String!) { appsRemove(_id: $id) }' },
  },
  {
    name: 'a variable of the wrong type',
    body: { query: 'query ($page: Int) { apps(page: $page) { data { _id } } }', variables: { page: 'two' } },
  },
  {
    name: 'a date without a time zone',
    body: {
      query: 'mutation ($date: Date) { appsAdd(name: "x", permissions: [], expireDate: $date) { _id } }',
      variables: { date: '2030-01-01T10:00:00' },
    },
  },
  { name: 'several operations, none named', body: { query: `query A ${ME} query B ${ME}` } },
  { name: 'an operation name that is not there', body: { query: `query A ${ME}`, operationName: 'B' } },
  { name: 'a subscription', body: { query: 'subscription { runs { _id } }' } },
  { name: 'too many levels', body: { query: deep } },
  { name: 'too many aliases', body: { query: `{ ${aliases.join(' ')} }` } },
  { name: 'too many tokens', body: { query: tokens } },
  { name: 'too costly', body: { query: '{ apps(first: 1000) { data { _id name createdAt isEnabled } } }' } },
  { name: 'a query text too long', body: { query: `${ME} #${'x'.repeat(65_536)}` } },
  { name: 'a body too large', body: { query: ME, variables: { text: 'x'.repeat(MAX_BODY_BYTES) } } },
  { name: 'a form', body: 'query=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  {
    name: 'a mutation by GET',
    url: `/graphql?query=${encodeURIComponent('mutation { appsRemove(_id: "x") }')}`,
  },
  { name: 'a GET without a query', url: '/graphql' },
  { name: 'variables in the address that are not JSON', url: '/graphql?query=%7Bapps%7D&variables=%7B' },
  { name: 'a page that does not exist', body: { query: '{ apps(page: 0) { data { _id } } }' } },
  { name: 'a cursor of something else', body: { query: '{ apps(after: "abc") { data { _id } } }' } },
  { name: 'an id that is not there', body: { query: '{ appDetail(_id: "x") { _id } }' } },
  { name: 'an app token for nothing', body: { query: 'mutation { appsAdd(name: "x") { _id } }' } },
  {
    name: 'a workspace where there is one',
    body: { query: 'mutation { workspaceAdd(subdomain: "x", name: "X") { loginUrl } }' },
  },
]

describe('a request that cannot be answered', () => {
  async function show({ name, body, headers, url = '/graphql', token = api.owner }: Broken): Promise<string> {
    const raw = typeof body === 'string' || Buffer.isBuffer(body)
    const answer = await api.inject({
      method: body === undefined ? 'GET' : 'POST',
      url,
      headers: { 'content-type': 'application/json', ...(token && { 'x-app-token': token }), ...headers },
      ...(body !== undefined && { payload: raw ? body : JSON.stringify(body) }),
    })
    const { errors, data } = answer.json()
    expect(errors.length, name).toBeGreaterThan(0)
    const shown = errors.map((error: { message: string; extensions: Record<string, unknown> }) => {
      const { code, requestId, ...rest } = error.extensions
      expect(requestId, name).toBe(answer.headers['x-request-id'])
      expect(JSON.stringify(error), name).not.toMatch(/\.ts:|node_modules|stack/)
      return `  ${code}: ${error.message}\n  ${JSON.stringify({ ...error, message: undefined, extensions: rest })}`
    })
    const partly = data === undefined ? '' : `, data ${JSON.stringify(data)}`
    return `# ${name}\nHTTP ${answer.statusCode}${partly}\n${shown.join('\n')}\n`
  }

  it('gets an error that says what to do', async () => {
    const limited = await api.tokenWith('showDeveloper')
    const expired = await api.tokenWith('showTags')
    const disabled = await api.tokenWith('showProducts')
    const removed = await api.tokenWith('showForms')
    const other = await createWorkspace(api.context, { subdomain: 'other', name: 'Other' })
    const foreign = await signIn(api.context, other)
    const change = (
      permission: string,
      values: { expireDate?: Date; noExpire?: boolean; isEnabled?: boolean },
    ) =>
      allWorkspaces(api.context.db.sql)
        .updateTable('appToken')
        .set(values)
        .where(sql<boolean>`permissions = array[${permission}]`)
        .execute()
    await change('showTags', { noExpire: false, expireDate: new Date(api.clock.now) })
    await change('showProducts', { isEnabled: false })
    await allWorkspaces(api.context.db.sql)
      .deleteFrom('appToken')
      .where(sql<boolean>`permissions = array['showForms']`)
      .execute()
    const body = { query: ME }
    const cases: Broken[] = [
      { name: 'no token', body, token: '' },
      { name: 'no token, and a body that is not JSON', body: '{', token: '' },
      { name: 'a token that is none', body, token: 'abc' },
      { name: 'a token in the wrong scheme', body, token: '', headers: { authorization: 'Basic eDp5' } },
      { name: 'a token that has expired', body, token: expired },
      { name: 'a token that was switched off', body, token: disabled },
      { name: 'a token that was removed', body, token: removed },
      { name: 'a token of another workspace', body, token: foreign },
      {
        name: 'a token without the permission',
        body: { query: 'mutation { appsAdd(name: "x", permissions: []) { _id } }' },
        token: limited,
      },
      {
        name: 'one field of two refused',
        body: { query: `{ workspaces { data { _id } } ${ME.slice(1)}` },
        token: limited,
      },
      ...BROKEN,
    ]
    const shown: string[] = []
    for (const broken of cases) shown.push(await show(broken))
    await expect(stable(shown.join('\n'))).toMatchFileSnapshot(GOLDEN)
  })

  /** Ids differ from run to run. */
  function stable(text: string): string {
    return text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '(id)')
  }
})

describe('an operation', () => {
  it('takes the token of either header', async () => {
    const bearer = await api.call(ME, { token: '', headers: { authorization: `bearer ${api.owner}` } })
    expect(bearer).toMatchObject({ status: 200, errors: [] })
  })

  it('takes a query by GET, with variables', async () => {
    const query =
      'query A($s: String) { apps(searchValue: $s) { pagination { totalCount } } } query B { apps { __typename } }'
    const search = new URLSearchParams({ query, variables: '{"s":"nobody"}', operationName: 'A' })
    const answer = await api.inject({ url: `/graphql?${search}`, headers: { 'x-app-token': api.owner } })
    expect(answer.json()).toEqual({ data: { apps: { pagination: { totalCount: 0 } } } })
  })

  it('is answered in the content type of GraphQL over HTTP to who asks for it', async () => {
    const asked = await api.call(ME, { headers: { accept: 'application/graphql-response+json, */*' } })
    expect(asked.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8')
    const usual = await api.call(ME)
    expect(usual.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
  })

  it('is refused with 401 and the scheme to use where there is no token', async () => {
    const { status, headers } = await api.call(ME, { token: '' })
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer'])
  })

  it('is logged in one line, with its name and caller and nothing of its content', async () => {
    api.lines.length = 0
    const secret = 'secret-search'
    const { headers } = await api.call(
      'query FindApps($s: String) { apps(searchValue: $s) { __typename } }',
      {
        variables: { s: secret },
      },
    )
    expect(api.lines).toEqual([
      {
        event: 'operation.handled',
        level: 'info',
        requestId: headers['x-request-id'],
        workspaceId: api.workspace.id,
        tokenId: expect.any(String),
        operationName: 'FindApps',
        operations: ['apps'],
        status: 'ok',
        durationMs: expect.any(Number),
      },
    ])
  })

  it.each<[string, () => Promise<unknown>, string]>([
    ['no token', () => api.call(ME, { token: '' }), 'UNAUTHENTICATED'],
    ['a refused query', () => api.call('{ nope }'), 'GRAPHQL_VALIDATION_FAILED'],
    ['a failed field', () => api.call('{ appDetail { _id } }'), 'NOT_FOUND'],
  ])('is logged in one line with its code: %s', async (_name, call, status) => {
    api.lines.length = 0
    await call()
    expect(api.lines).toMatchObject([{ event: 'operation.handled', level: 'info', status }])
  })

  it('that fails on our side says nothing but the request id, under which the log has the reason', async () => {
    api.lines.length = 0
    await sql`alter table account rename to hidden`.execute(api.context.db.sql)
    try {
      const { status, data, errors } = await api.call(ME)
      expect([status, data]).toEqual([200, { currentUser: null }])
      expect(errors[0]?.message).toBe(
        'Something went wrong on our side. The request id finds the reason in the server log.',
      )
      expect(api.lines).toMatchObject([
        {
          event: 'operation.handled',
          level: 'error',
          status: 'INTERNAL_SERVER_ERROR',
          requestId: errors[0]?.extensions.requestId,
          error: expect.objectContaining({ message: 'relation "account" does not exist' }),
        },
      ])
    } finally {
      await sql`alter table hidden rename to account`.execute(api.context.db.sql)
    }
  })
})

describe('a body', () => {
  it(`may have ${MAX_BODY_BYTES} bytes and no more, also where its length is not announced`, async () => {
    const address = await api.server.listen({ port: 0, host: '127.0.0.1' })
    const send = async (bytes: number, announced: boolean): Promise<number> => {
      const start = `{"query":"${ME}","variables":{"x":"`
      const body = `${start}${'x'.repeat(bytes - start.length - 3)}"}}`
      const answer = await fetch(`${address}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-app-token': api.owner },
        body: announced ? body : new Blob([body]).stream(),
        ...(!announced && { duplex: 'half' }),
      } as RequestInit)
      await answer.text()
      return answer.status
    }
    for (const announced of [true, false]) {
      expect(await send(MAX_BODY_BYTES, announced), `announced: ${announced}`).toBe(200)
      expect(await send(MAX_BODY_BYTES + 1, announced), `announced: ${announced}`).toBe(413)
    }
  })
})

describe('GET /public-api.graphql', () => {
  it('is the whole schema, without a token', async () => {
    const answer = await api.inject({ url: '/public-api.graphql' })
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
    for (const text of [
      'type Query {',
      'scalar JSON',
      'scalar Date',
      'appsAdd(',
      'Permission: `manageDeveloper`.',
    ]) {
      expect(answer.body).toContain(text)
    }
  })
})

describe('GET /graphql in a browser', () => {
  it('shows how to call the API, with a token or without', async () => {
    const page = await api.inject({ url: '/graphql', headers: { accept: 'text/html,*/*' } })
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'/)
    expect(page.body).toContain('curl -s http://localhost:4000/graphql')
    expect(page.body).not.toContain('<script')
  })
})

describe('where many workspaces are served', () => {
  const modes: [string, string, (subdomain: string) => { url: string; headers: Record<string, string> }][] = [
    [
      'by host',
      'https://{subdomain}.api.example.com',
      (subdomain) => ({ url: '/graphql', headers: { host: `${subdomain}.api.example.com` } }),
    ],
    [
      'by path',
      'https://api.example.com/w/{subdomain}',
      (subdomain) => ({ url: `/w/${subdomain}/graphql`, headers: {} }),
    ],
  ]

  it.each(modes)('%s, a token works at the address of its workspace alone', async (_name, template, at) => {
    const many = await testApi({ SAAS_API_URL: template, OAUTH_BASE_URL: 'https://connect.example.com' })
    try {
      const added = await many.call(
        'mutation { workspaceAdd(subdomain: "acme", name: "Acme") { workspace { _id apiUrl } loginUrl } }',
        at('main'),
      )
      const { workspace, loginUrl } = added.data.workspaceAdd
      expect(workspace.apiUrl).toBe(template.replace('{subdomain}', 'acme'))
      const link = new URL(loginUrl)
      const login = await many.inject({ method: 'POST', url: link.pathname, headers: { host: link.host } })
      expect(login.json()).toMatchObject({ workspace: { id: workspace._id }, apiUrl: workspace.apiUrl })

      const token = login.json().accessToken
      const own = await many.call('{ currentUser { workspaceIds } }', { token, ...at('acme') })
      expect(own.data).toEqual({ currentUser: { workspaceIds: [workspace._id] } })
      const elsewhere = await many.call(ME, { token, ...at('main') })
      expect(elsewhere).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
      const nowhere = await many.call(ME, { token, ...at('nobody') })
      expect(nowhere).toMatchObject({ status: 404, errors: [{ extensions: { code: 'NOT_FOUND' } }] })
      const operating = await many.call('{ workspaces { data { _id } } }', { token, ...at('acme') })
      expect(operating.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])

      const again = await many.call(
        'mutation ($id: String!) { workspaceOwnerLink(_id: $id) { loginUrl workspace { subdomain } } }',
        { variables: { id: workspace._id }, ...at('main') },
      )
      expect(again.data.workspaceOwnerLink).toMatchObject({ workspace: { subdomain: 'acme' } })
    } finally {
      await many.close()
    }
  })

  it('the host of a forwarded request counts only behind a trusted proxy', async () => {
    const settings = {
      SAAS_API_URL: 'https://{subdomain}.api.example.com',
      OAUTH_BASE_URL: 'https://x.example.com',
    }
    const headers = { host: 'inner', 'x-forwarded-host': 'main.api.example.com' }
    for (const [proxies, status] of [
      ['', 404],
      ['127.0.0.1', 200],
    ] as const) {
      const many = await testApi({ ...settings, TRUSTED_PROXIES: proxies })
      const answer = await many.call(ME, { headers })
      await many.close()
      expect(answer.status, proxies).toBe(status)
    }
  })
})
