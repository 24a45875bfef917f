import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestApi, testApi } from '../../test/api.ts'
import { listing } from '../../test/ledger-app.ts'
import { permissionsOf, ROLE_PERMISSIONS } from '../account/permission.ts'
import { ACTS } from '../audit/acts.ts'
import { pruneAudit } from '../audit/prune.ts'
import { recordAct } from '../audit/record-act.ts'
import { disconnect, uninstall } from '../install/remove.ts'
import { liftSuspension, suspend } from '../install/suspend.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

const FIELDS = '_id createdAt kind ns subjectId accountId tokenId actorName requestId address details'
const DEFINITION = {
  ...listing('audited', 'https://audited.example'),
  auth: { type: 'none' },
  actions: [
    {
      name: 'look',
      title: 'Look',
      description: 'Looks.',
      requests: [{ url: 'https://audited.example/', method: 'GET', mapping: { all: '$' } }],
    },
  ],
}

async function log(args = '') {
  const { data, errors } = await api.call(
    `{ auditLog${args} { data { ${FIELDS} } pagination { endCursor hasNextPage } } }`,
  )
  expect(errors).toEqual([])
  return data.auditLog
}

describe('an act is kept with who did it, when and from where', () => {
  it('of tokens, and never with the token', async () => {
    const made = await api.call(
      'mutation { appsAdd(name: "Robot", permissions: ["showTags"], noExpire: true) { _id accessToken } }',
    )
    const { _id, accessToken } = made.data.appsAdd
    const edited = await api.call(`mutation { appsEdit(_id: "${_id}", isEnabled: false) { _id } }`)
    await api.call(`mutation { appsRemove(_id: "${_id}") }`)
    const { data } = await log('(first: 3)')
    expect(data).toMatchObject([
      { kind: 'token.removed', subjectId: _id, details: { name: 'Robot' } },
      {
        kind: 'token.changed',
        subjectId: _id,
        details: { isEnabled: false },
        requestId: edited.headers['x-request-id'],
      },
      {
        kind: 'token.made',
        subjectId: _id,
        actorName: 'Owner',
        address: '127.0.0.1',
        requestId: made.headers['x-request-id'],
        details: { name: 'Robot', permissions: ['showTags'], allowAllPermission: false, expireDate: null },
      },
    ])
    expect(JSON.stringify(data)).not.toContain(accessToken)
    const me = (await api.call('{ currentUser { _id } }')).data.currentUser
    expect(data.every(({ accountId }: { accountId: string }) => accountId === me._id)).toBe(true)
  })

  it('of the start: the workspace, its link and the use of it', async () => {
    const { data } = await log('(first: 100)')
    const kinds = data.map(({ kind }: { kind: string }) => kind).reverse()
    expect(kinds.slice(0, 3)).toEqual(['workspace.made', 'link.made', 'link.used'])
    expect(data.at(-1)).toMatchObject({ accountId: null, tokenId: null, requestId: null, address: null })
  })

  it('of definitions, their config and their installs', async () => {
    const variables = { d: DEFINITION }
    const registered = await api.call('mutation ($d: JSON!) { registerMiniApp(definition: $d) }', {
      variables,
    })
    expect(registered.errors).toEqual([])
    await api.call('mutation { setMiniAppConfig(ns: "audited", config: { clientSecret: "canary-secret" }) }')
    await api.call('mutation { installMiniApp(ns: "audited") }')
    await api.call('mutation { installMiniApp(ns: "audited") }')
    const key = { workspaceId: api.workspace.id, ns: 'audited' }
    await suspend(api.context, key)
    await suspend(api.context, key)
    await liftSuspension(api.context, key)
    await uninstall(api.context, key)
    await expect(disconnect(api.context, key)).rejects.toThrow('not installed')
    const { data } = await log('(ns: "audited")')
    expect(data.map(({ kind }: { kind: string }) => kind).reverse()).toEqual([
      'definition.registered',
      'app.configured',
      'app.installed',
      'app.suspended',
      'app.resumed',
      'app.uninstalled',
    ])
    expect(data.at(-2).details).toEqual({ keys: ['clientSecret'] })
    expect(JSON.stringify(data)).not.toContain('canary')
  })

  it('only where the transaction of the act commits', async () => {
    const before = (await log()).data.length
    const act = { workspaceId: api.workspace.id, kind: 'app.connected' } as const
    const rolledBack = api.context.db.transaction(async (trx) => {
      await recordAct(api.context, trx, act)
      throw new Error('rolled back')
    })
    await expect(rolledBack).rejects.toThrow('rolled back')
    expect((await log()).data).toHaveLength(before)
  })
})

describe('the log', () => {
  it('is filtered and read page by page', async () => {
    const first = await log('(first: 2)')
    const cursor = first.pagination.endCursor
    const second = await log(`(first: 2, after: "${cursor}")`)
    const both = await log('(first: 4)')
    expect([...first.data, ...second.data]).toEqual(both.data)
    const [newest] = first.data
    expect((await log('(kind: "token.made")')).data).toHaveLength(1)
    expect((await log(`(since: "${newest.createdAt}", first: 1)`)).data).toEqual([newest])
    expect((await log('(until: "2000-01-01")')).data).toEqual([])
    const { errors } = await api.call('{ auditLog(kind: "token.mad") { data { _id } } }')
    expect(errors[0]?.message).toContain(Object.keys(ACTS).join(', '))
  })

  it('is for owners, admins and operators', async () => {
    const readers = Object.entries(ROLE_PERMISSIONS)
      .filter(([, permissions]) =>
        permissionsOf({ allowAllPermission: false, permissions }).includes('showAuditLog'),
      )
      .map(([role]) => role)
    expect(readers).toEqual(['owner', 'admin', 'operator'])
    const { errors } = await api.call('{ auditLog { data { _id } } }', {
      token: await api.tokenWith('showDeveloper'),
    })
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  })

  it('is append-only: the database refuses to change it, and to delete what is younger than 29 days', async () => {
    const db = allWorkspaces(api.context.db.sql)
    await expect(db.updateTable('audit').set({ kind: 'x' }).execute()).rejects.toThrow('append-only')
    await expect(db.deleteFrom('audit').execute()).rejects.toThrow('append-only')
  })

  it('forgets what is older than its retention, and nothing else', async () => {
    const before = (await log('(first: 100)')).data
    const old = new Date(Date.now() - 366 * 86_400_000)
    await api.context.db.transaction((trx) =>
      recordAct({ now: () => old.getTime() }, trx, { workspaceId: api.workspace.id, kind: 'link.made' }),
    )
    expect((await log('(first: 100)')).data).toHaveLength(before.length + 1)
    await pruneAudit(api.context)
    expect((await log('(first: 100)')).data).toEqual(before)
    const { rows } = await sql<{ count: string }>`select count(*) from audit`.execute(
      allWorkspaces(api.context.db.sql),
    )
    expect(Number(rows[0]?.count)).toBe(before.length)
  })
})
