import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { signIn, type TestApi, testApi } from '../../test/api.ts'
import { createWorkspace } from '../account/create-workspace.ts'
import { DEFAULT_LIFETIME_MS } from '../account/make-token.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

const ADD = `mutation ($name: String, $userGroupId: String, $workspaceId: String, $expireDate: Date,
  $allowAllPermission: Boolean, $noExpire: Boolean, $permissions: [String!]) {
  appsAdd(name: $name, userGroupId: $userGroupId, workspaceId: $workspaceId, expireDate: $expireDate,
    allowAllPermission: $allowAllPermission, noExpire: $noExpire, permissions: $permissions) { _id accessToken }
}`
const EDIT = `mutation ($_id: String!, $name: String, $expireDate: Date, $noExpire: Boolean, $isEnabled: Boolean) {
  appsEdit(_id: $_id, name: $name, expireDate: $expireDate, noExpire: $noExpire, isEnabled: $isEnabled) {
    _id name expireDate noExpire isEnabled
  }
}`
const DETAIL = `query ($_id: String) { appDetail(_id: $_id) {
  _id isEnabled createdAt lastUsedAt name userGroupId workspaceId expireDate allowAllPermission noExpire accessToken
  userGroupName permissions
} }`
const REMOVE = 'mutation ($_id: String!) { appsRemove(_id: $_id) }'
const ME = '{ currentUser { _id username isOwner permissionActions } }'

interface Made {
  _id: string
  accessToken: string
}

const add = (variables: Record<string, unknown>, token?: string) =>
  api.call(ADD, { variables, ...(token && { token }) })
const edit = (variables: Record<string, unknown>, token?: string) =>
  api.call(EDIT, { variables, ...(token && { token }) })
async function made(variables: Record<string, unknown> = {}): Promise<Made> {
  const { data, errors } = await add({ name: 'made', permissions: [], noExpire: true, ...variables })
  expect(errors).toEqual([])
  return data.appsAdd
}
const codeOf = (answer: { errors: { extensions: { code: string } }[] }) => answer.errors[0]?.extensions.code
const messageOf = (answer: { errors: { message: string }[] }) => answer.errors[0]?.message

describe('appsAdd', () => {
  it('answers the whole token, which works at once and is shown masked from then on', async () => {
    const { _id, accessToken } = await made({ name: 'Reporting', permissions: ['showDeveloper'] })
    const { data } = await api.call(DETAIL, { token: accessToken, variables: { _id } })
    expect(data.appDetail).toEqual({
      _id,
      isEnabled: true,
      createdAt: new Date(api.clock.now).toISOString(),
      lastUsedAt: new Date(api.clock.now).toISOString(),
      name: 'Reporting',
      userGroupId: null,
      workspaceId: api.workspace.id,
      expireDate: null,
      allowAllPermission: false,
      noExpire: true,
      accessToken: `****${accessToken.slice(-4)}`,
      userGroupName: null,
      permissions: ['showDeveloper'],
    })
  })

  it('makes a system user for it', async () => {
    const { accessToken } = await made({ name: 'Robot', permissions: ['showTags'] })
    const { data } = await api.call(ME, { token: accessToken })
    expect(data.currentUser).toEqual({
      _id: expect.any(String),
      username: 'Robot',
      isOwner: false,
      permissionActions: { showTags: true },
    })
  })

  it('expires in 30 days where nothing is said, and never where noExpire is true', async () => {
    const { _id } = await made({ noExpire: undefined })
    const expireDate = new Date(api.clock.now + DEFAULT_LIFETIME_MS).toISOString()
    const { data } = await api.call(DETAIL, { variables: { _id } })
    expect(data.appDetail).toMatchObject({ noExpire: false, expireDate })
    const never = await made({ expireDate: '2001-01-01' })
    const other = await api.call(DETAIL, { variables: { _id: never._id } })
    expect(other.data.appDetail).toMatchObject({ noExpire: true, expireDate: null })
  })

  it('takes the own workspace and a permission named twice', async () => {
    const { _id } = await made({
      workspaceId: api.workspace.id,
      permissions: ['showTags', 'showTags'],
    })
    const { data } = await api.call(DETAIL, { variables: { _id } })
    expect(data.appDetail.permissions).toEqual(['showTags'])
  })

  it.each<[string, Record<string, unknown>, string, string]>([
    ['no name', { name: undefined }, 'BAD_USER_INPUT', 'name is required'],
    ['a blank name', { name: ' ' }, 'BAD_USER_INPUT', 'name is required'],
    ['a name too long', { name: 'x'.repeat(256) }, 'BAD_USER_INPUT', 'at most 255 characters'],
    [
      'no permissions',
      { permissions: undefined },
      'BAD_USER_INPUT',
      'userGroupId is required unless allowAllPermission is true',
    ],
    [
      'an empty user group',
      { permissions: undefined, userGroupId: '' },
      'BAD_USER_INPUT',
      'userGroupId is required',
    ],
    ['a user group', { userGroupId: 'g1' }, 'BAD_USER_INPUT', 'There are no user groups here'],
    [
      'a user group beside all permissions',
      { userGroupId: 'g1', allowAllPermission: true },
      'BAD_USER_INPUT',
      'There are no user groups here',
    ],
    [
      'an unknown permission',
      { permissions: ['showTag'] },
      'BAD_USER_INPUT',
      'There is no permission "showTag". There are: ',
    ],
    [
      'a name of Object.prototype',
      { permissions: ['constructor'] },
      'BAD_USER_INPUT',
      'There is no permission "constructor"',
    ],
    [
      'a date in the past',
      { noExpire: false, expireDate: '2001-01-01' },
      'BAD_USER_INPUT',
      'expireDate must lie in the future',
    ],
    [
      'another workspace',
      { workspaceId: '00000000-0000-7000-8000-000000000000' },
      'NOT_FOUND',
      'There is no such workspace',
    ],
  ])('refuses %s', async (_name, variables, code, message) => {
    const answer = await add({ name: 'x', permissions: [], noExpire: true, ...variables })
    expect(answer.data).toEqual({ appsAdd: null })
    expect(codeOf(answer)).toBe(code)
    expect(messageOf(answer)).toContain(message)
  })

  it('logs the token by its id, never the token', async () => {
    api.lines.length = 0
    const { _id, accessToken } = await made()
    expect(api.lines.find(({ event }) => event === 'token.made')).toMatchObject({
      tokenId: _id,
      workspaceId: api.workspace.id,
      requestId: expect.any(String),
    })
    expect(JSON.stringify(api.lines)).not.toContain(accessToken)
  })
})

describe('a caller', () => {
  it.each<[string, string[], Record<string, unknown>]>([
    ['a permission that it lacks', ['manageDeveloper'], { permissions: ['executeMiniApps'] }],
    [
      'all permissions without having all',
      ['manageDeveloper', 'showDeveloper'],
      { allowAllPermission: true },
    ],
    ['a platform permission', ['manageDeveloper'], { permissions: ['operate'] }],
  ])('cannot give %s', async (_name, own, wanted) => {
    const answer = await add({ name: 'x', noExpire: true, ...wanted }, await api.tokenWith(...own))
    expect(codeOf(answer)).toBe('FORBIDDEN')
    expect(messageOf(answer)).toMatch(/^Permission denied: a token can only give what it has itself/)
  })

  it('with all permissions of another workspace than the first cannot give those of the platform', async () => {
    const { accessToken } = await made({ allowAllPermission: true, permissions: undefined })
    const answer = await add({ name: 'x', allowAllPermission: true, permissions: ['operate'] }, accessToken)
    expect(codeOf(answer)).toBe('FORBIDDEN')
    expect(codeOf(await add({ name: 'x', allowAllPermission: true }, accessToken))).toBeUndefined()
  })

  it('can give what it has', async () => {
    const token = await api.tokenWith('manageDeveloper', 'showTags')
    const answer = await add({ name: 'x', permissions: ['showTags'] }, token)
    expect(answer.errors).toEqual([])
  })

  it('cannot lengthen the life of a token that may do more, but may rename and stop it', async () => {
    const strong = await made({ allowAllPermission: true })
    const token = await api.tokenWith('manageDeveloper')
    expect(codeOf(await edit({ _id: strong._id, noExpire: true }, token))).toBe('FORBIDDEN')
    expect(codeOf(await edit({ _id: strong._id, expireDate: '2099-01-01' }, token))).toBe('FORBIDDEN')
    expect((await edit({ _id: strong._id, name: 'renamed', isEnabled: false }, token)).errors).toEqual([])
    expect(codeOf(await edit({ _id: strong._id, isEnabled: true }, token))).toBe('FORBIDDEN')
    expect((await edit({ _id: strong._id, isEnabled: true })).errors).toEqual([])
  })
})

describe('appsEdit', () => {
  it('refuses the token from the next request on, and accepts it again', async () => {
    const { _id, accessToken } = await made()
    expect((await api.call(ME, { token: accessToken })).errors).toEqual([])
    await edit({ _id, isEnabled: false })
    const refused = await api.call(ME, { token: accessToken })
    expect(refused).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
    expect(messageOf(refused)).toContain('switched off')
    await edit({ _id, isEnabled: true })
    expect((await api.call(ME, { token: accessToken })).errors).toEqual([])
  })

  it('moves the expiry of a token that is out already', async () => {
    const start = api.clock.now
    const { _id, accessToken } = await made({ noExpire: false, expireDate: new Date(start + 1_000) })
    api.clock.now = start + 2_000
    expect((await api.call(ME, { token: accessToken })).status).toBe(401)
    await edit({ _id, expireDate: new Date(start + 3_000) })
    expect((await api.call(ME, { token: accessToken })).status).toBe(200)
    await edit({ _id, noExpire: true })
    api.clock.now = start + 4_000
    expect((await api.call(ME, { token: accessToken })).status).toBe(200)
    api.clock.now = start
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['nothing', {}, { name: 'made', noExpire: true, expireDate: null, isEnabled: true }],
    [
      'nulls',
      { name: null, expireDate: null, noExpire: null, isEnabled: null },
      { name: 'made', noExpire: true },
    ],
    ['the name', { name: 'new' }, { name: 'new', noExpire: true }],
    [
      'a date alone',
      { expireDate: '2099-01-01' },
      { noExpire: false, expireDate: '2099-01-01T00:00:00.000Z' },
    ],
    [
      'noExpire and a date',
      { noExpire: true, expireDate: '2099-01-01' },
      { noExpire: true, expireDate: null },
    ],
  ])('changes %s', async (_name, change, expected) => {
    const { _id } = await made()
    const { data } = await edit({ _id, ...change })
    expect(data.appsEdit).toMatchObject(expected)
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['noExpire false without a date', { noExpire: false }, 'expireDate is required'],
    ['a date in the past', { expireDate: '2001-01-01' }, 'expireDate must lie in the future'],
    ['an empty name', { name: '' }, 'name is required'],
  ])('refuses %s', async (_name, change, message) => {
    const { _id } = await made()
    const answer = await edit({ _id, ...change })
    expect(codeOf(answer)).toBe('BAD_USER_INPUT')
    expect(messageOf(answer)).toContain(message)
  })
})

describe('appsRemove', () => {
  it('refuses an enabled app', async () => {
    const { _id } = await made()
    const answer = await api.call(REMOVE, { variables: { _id } })
    expect(codeOf(answer)).toBe('BAD_USER_INPUT')
    expect(messageOf(answer)).toMatch(/^Can not remove an enabled app\./)
  })

  it('removes a disabled one with its system user', async () => {
    const { _id, accessToken } = await made({ name: 'Leaver' })
    const { data } = await api.call(ME, { token: accessToken })
    await edit({ _id, isEnabled: false })
    expect((await api.call(REMOVE, { variables: { _id } })).data).toEqual({ appsRemove: { _id } })
    expect((await api.call(ME, { token: accessToken })).status).toBe(401)
    const accounts = await api.context.db.sql
      .selectFrom('account')
      .select('id')
      .where('id', '=', data.currentUser._id)
      .execute()
    expect(accounts).toEqual([])
    expect(codeOf(await api.call(REMOVE, { variables: { _id } }))).toBe('NOT_FOUND')
  })

  it("leaves the owner's account when a token of the owner goes", async () => {
    const second = await signIn(api.context, api.workspace)
    const list = await api.call('{ apps(searchValue: "Owner") { data { _id } } }')
    const _id = list.data.apps.data[0]._id
    await edit({ _id, isEnabled: false })
    await api.call(REMOVE, { variables: { _id } })
    expect((await api.call(ME, { token: second })).status).toBe(401)
    expect((await api.call(ME)).data.currentUser).toMatchObject({ isOwner: true })
  })
})

describe('ids that are not of this workspace', () => {
  it('behave as if they did not exist', async () => {
    const other = await createWorkspace(api.context, { subdomain: 'other', name: 'Other' })
    await signIn(api.context, other)
    const foreign = await allWorkspaces(api.context.db.sql)
      .selectFrom('appToken')
      .select('id')
      .where('workspaceId', '=', other.id)
      .executeTakeFirstOrThrow()
    for (const _id of [foreign.id, '00000000-0000-7000-8000-000000000000', 'x', "'; drop table app_token"]) {
      for (const query of [DETAIL, EDIT, REMOVE]) {
        const answer = await api.call(query, { variables: { _id } })
        expect(codeOf(answer), `${_id} ${query}`).toBe('NOT_FOUND')
        expect(messageOf(answer)).toBe('App not found')
      }
    }
    const { data } = await api.call('{ apps(perPage: 100) { data { _id workspaceId } } }')
    const workspaces = new Set(data.apps.data.map(({ workspaceId }: { workspaceId: string }) => workspaceId))
    expect([...workspaces]).toEqual([api.workspace.id])
  })
})

describe('apps', () => {
  it('finds a part of a name, in any case, and takes wildcards literally', async () => {
    await made({ name: '100%_Sure\\' })
    const found = async (searchValue: string) => {
      const { data } = await api.call(
        'query ($s: String) { apps(searchValue: $s) { pagination { totalCount } } }',
        {
          variables: { s: searchValue },
        },
      )
      return data.apps.pagination.totalCount
    }
    expect(await found('100%_sure\\')).toBe(1)
    expect(await found('0%S')).toBe(0)
    expect(await found('%_')).toBe(1)
  })

  it('lists newest first, by page or by cursor', async () => {
    for (let index = 0; index < 5; index++) {
      api.clock.now += index === 2 ? 0 : 1
      await made({ name: `paged ${index}` })
    }
    const names: string[] = []
    let after: string | null = null
    do {
      const answer = await api.call(
        'query ($after: String) { apps(searchValue: "paged", first: 2, after: $after) { data { name } pagination { hasNextPage endCursor totalCount } } }',
        { variables: { after } },
      )
      const { data, pagination } = answer.data.apps
      expect(pagination.totalCount).toBe(5)
      names.push(...data.map(({ name }: { name: string }) => name))
      after = pagination.hasNextPage ? pagination.endCursor : null
    } while (after !== null)
    expect(names).toEqual(['paged 4', 'paged 3', 'paged 2', 'paged 1', 'paged 0'])
    const { data } = await api.call(
      '{ apps(searchValue: "paged", page: 3, perPage: 2) { data { name } pagination { currentPage perPage totalPages hasNextPage hasPreviousPage } } }',
    )
    expect(data.apps).toEqual({
      data: [{ name: 'paged 0' }],
      pagination: { currentPage: 3, perPage: 2, totalPages: 3, hasNextPage: false, hasPreviousPage: true },
    })
  })
})
