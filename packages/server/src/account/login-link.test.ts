import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { linkOf, signIn, type TestApi, testApi } from '../../test/api.ts'
import { createWorkspace } from './create-workspace.ts'
import { LINK_LIFETIME_MS, makeOwnerLink, needsOwnerLink, useLoginLink } from './login-link.ts'
import type { Workspace } from './store.ts'

let api: TestApi
let workspaces = 0
beforeAll(async () => {
  api = await testApi({
    SAAS_API_URL: 'https://api.example.com/w/{subdomain}',
    OAUTH_BASE_URL: 'https://connect.example.com',
  })
})
afterAll(() => api.close())

const fresh = () => createWorkspace(api.context, { subdomain: `w${++workspaces}`, name: 'x' })
const makeLink = async (workspace: Workspace) => linkOf(await makeOwnerLink(api.context, workspace.id))
const use = (workspace: Workspace, link: string) => useLoginLink(api.context, { workspace, link })
const refused = (message: string) => ({ code: 'UNAUTHENTICATED', message: expect.stringContaining(message) })

describe('a login link', () => {
  it('is the address of the workspace, its name and 256 random bits', async () => {
    const workspace = await fresh()
    const url = await makeOwnerLink(api.context, workspace.id)
    expect(url).toMatch(
      new RegExp(
        `^https://api\\.example\\.com/w/${workspace.subdomain}/login/${workspace.subdomain}\\.[\\w-]{43}$`,
      ),
    )
  })

  it('is stored as a hash alone', async () => {
    const workspace = await fresh()
    const [, token = ''] = (await makeLink(workspace)).split('.')
    const [row] = await allWorkspaces(api.context.db.sql)
      .selectFrom('loginLink')
      .selectAll()
      .where('workspaceId', '=', workspace.id)
      .execute()
    expect(row?.tokenHash).toHaveLength(32)
    expect(JSON.stringify(row) + row?.tokenHash.toString('latin1')).not.toContain(token)
  })

  it('brings a token of the owner that works', async () => {
    const workspace = await fresh()
    const { accessToken } = await use(workspace, await makeLink(workspace))
    const { data } = await api.call('{ currentUser { isOwner workspaceIds } }', {
      token: accessToken,
      url: `/w/${workspace.subdomain}/graphql`,
    })
    expect(data).toEqual({ currentUser: { isOwner: true, workspaceIds: [workspace.id] } })
  })

  it('works once', async () => {
    const workspace = await fresh()
    const link = await makeLink(workspace)
    await use(workspace, link)
    await expect(use(workspace, link)).rejects.toMatchObject(refused('used already'))
  })

  it('brings one token to ten who use it at the same moment', async () => {
    const workspace = await fresh()
    const link = await makeLink(workspace)
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => use(workspace, link)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject(refused('used already'))
    }
    const tokens = await allWorkspaces(api.context.db.sql)
      .selectFrom('appToken')
      .select('id')
      .where('workspaceId', '=', workspace.id)
      .execute()
    expect(tokens).toHaveLength(1)
  })

  it('lasts 24 hours to the millisecond', async () => {
    const workspace = await fresh()
    const made = api.clock.now
    try {
      const link = await makeLink(workspace)
      api.clock.now = made + LINK_LIFETIME_MS
      await expect(use(workspace, link)).rejects.toMatchObject(refused('has expired'))
      api.clock.now = made + LINK_LIFETIME_MS - 1
      await expect(use(workspace, link)).resolves.toBeDefined()
    } finally {
      api.clock.now = made
    }
  })

  it('is voided by the next one', async () => {
    const workspace = await fresh()
    const first = await makeLink(workspace)
    const second = await makeLink(workspace)
    await expect(use(workspace, first)).rejects.toMatchObject(refused('not valid'))
    await expect(use(workspace, second)).resolves.toBeDefined()
  })

  it('leaves one valid when several are made at the same moment', async () => {
    const workspace = await fresh()
    const links = await Promise.all(Array.from({ length: 5 }, () => makeLink(workspace)))
    const results = await Promise.allSettled(links.map((link) => use(workspace, link)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('of another workspace is refused', async () => {
    const [one, other] = [await fresh(), await fresh()]
    const link = await makeLink(one)
    await expect(use(other, link)).rejects.toMatchObject(refused('not valid'))
    const renamed = link.replace(one.subdomain, other.subdomain)
    await expect(use(other, renamed)).rejects.toMatchObject(refused('not valid'))
    await expect(use(one, renamed)).rejects.toMatchObject(refused('not valid'))
  })

  it.each([
    [''],
    ['main'],
    ['main.'],
    ['main.short'],
    [`main.${'x'.repeat(44)}`],
    [`main.${'!'.repeat(43)}`],
  ])('of the form %j is refused', async (link) => {
    await expect(use(api.workspace, link)).rejects.toMatchObject(refused('not valid'))
  })

  it('is not made for a workspace that does not exist', async () => {
    for (const id of ['00000000-0000-7000-8000-000000000000', 'x']) {
      await expect(makeOwnerLink(api.context, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })
})

describe('a workspace needs a link', () => {
  it('until its owner has a token, and again when no such token works any more', async () => {
    const workspace = await fresh()
    const url = `/w/${workspace.subdomain}/graphql`
    expect(await needsOwnerLink(api.context, workspace.id)).toBe(true)
    const token = await signIn(api.context, workspace)
    expect(await needsOwnerLink(api.context, workspace.id)).toBe(false)

    const { data } = await api.call('{ apps { data { _id } } }', { token, url })
    const [{ _id }] = data.apps.data
    const expireDate = new Date(api.clock.now + 1_000)
    const edit = 'mutation ($id: String!, $date: Date) { appsEdit(_id: $id, expireDate: $date) { noExpire } }'
    await api.call(edit, { token, url, variables: { id: _id, date: expireDate } })
    expect(await needsOwnerLink(api.context, workspace.id)).toBe(false)
    const before = api.clock.now
    api.clock.now = expireDate.getTime()
    expect(await needsOwnerLink(api.context, workspace.id)).toBe(true)
    api.clock.now = before

    await api.call('mutation ($id: String!) { appsEdit(_id: $id, isEnabled: false) { _id } }', {
      token,
      url,
      variables: { id: _id },
    })
    expect(await needsOwnerLink(api.context, workspace.id)).toBe(true)
  })

  it('also where it has a token with a few permissions', async () => {
    const workspace = await fresh()
    const url = `/w/${workspace.subdomain}/graphql`
    const token = await signIn(api.context, workspace)
    await api.call('mutation { appsAdd(name: "few", permissions: ["showDeveloper"]) { _id } }', {
      token,
      url,
    })
    const { data } = await api.call('{ apps(searchValue: "Owner") { data { _id } } }', { token, url })
    await api.call('mutation ($id: String!) { appsEdit(_id: $id, isEnabled: false) { _id } }', {
      token,
      url,
      variables: { id: data.apps.data[0]._id },
    })
    expect(await needsOwnerLink(api.context, workspace.id)).toBe(true)
  })
})
