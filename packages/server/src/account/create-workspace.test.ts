import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { linkOf, type TestApi, testApi } from '../../test/api.ts'
import { createWorkspace, MAX_NAME_LENGTH } from './create-workspace.ts'
import { ensureDefaultWorkspace } from './default-workspace.ts'
import { makeOwnerLink, useLoginLink } from './login-link.ts'
import { findMembers } from './store.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

describe('a new workspace', () => {
  it('has one member, its owner', async () => {
    const workspace = await createWorkspace(api.context, { subdomain: 'acme', name: '  Acme  ' })
    expect(workspace).toMatchObject({ subdomain: 'acme', name: 'Acme' })
    const members = await findMembers(api.context.db.sql, [workspace.id])
    expect(members.map(({ role }) => role)).toEqual(['owner'])
  })

  it.each([['a'], ['0'], ['a-b'], ['x'.repeat(63)], ['xn--mgbh0fb']])(
    'may be called "%s"',
    async (subdomain) => {
      await expect(createWorkspace(api.context, { subdomain, name: 'x' })).resolves.toMatchObject({
        subdomain,
      })
    },
  )

  it.each([[''], ['-a'], ['a-'], ['A'], ['a.b'], ['a_b'], ['a b'], ['ä'], ['x'.repeat(64)], ['a\n']])(
    'may not be called %j',
    async (subdomain) => {
      await expect(createWorkspace(api.context, { subdomain, name: 'x' })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: expect.stringContaining('subdomain must be 1 to 63'),
      })
    },
  )

  it('needs a subdomain of its own, also when two are made at once', async () => {
    const wanted = { subdomain: 'twice', name: 'x' }
    const results = await Promise.allSettled([
      createWorkspace(api.context, wanted),
      createWorkspace(api.context, wanted),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'BAD_USER_INPUT', message: 'The subdomain "twice" is taken. Choose another one.' },
    })
  })

  it('needs a name of a sensible length', async () => {
    const named = (name: string) => createWorkspace(api.context, { subdomain: 'long', name })
    await expect(named('   ')).rejects.toThrow('name is required')
    await expect(named('x'.repeat(MAX_NAME_LENGTH + 1))).rejects.toThrow('at most 255 characters')
    await expect(named('x'.repeat(MAX_NAME_LENGTH))).resolves.toBeDefined()
  })

  it('keeps a name that a text column would refuse, with the bad characters replaced', async () => {
    const workspace = await createWorkspace(api.context, { subdomain: 'nul', name: 'a\u0000b\ud800' })
    expect(workspace.name).toBe('a\ufffdb\ufffd')
  })
})

describe('the default workspace', () => {
  it('is the first one, however often the server starts', async () => {
    expect(await ensureDefaultWorkspace(api.context)).toEqual(api.workspace)
    expect(api.workspace).toMatchObject({ subdomain: 'main', name: 'Main' })
  })

  it('is the first one also under another subdomain', async () => {
    const rename = (subdomain: string) =>
      api.context.db.sql
        .updateTable('workspace')
        .set({ subdomain })
        .where('id', '=', api.workspace.id)
        .execute()
    await rename('renamed')
    expect(await ensureDefaultWorkspace(api.context)).toEqual({ ...api.workspace, subdomain: 'renamed' })
    await rename('main')
  })

  it('is made once where two processes start at once', async () => {
    const empty = await testApi()
    await sql`truncate workspace cascade`.execute(empty.context.db.sql)
    const made = await Promise.all([1, 2, 3].map(() => ensureDefaultWorkspace(empty.context)))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
    await empty.close()
  })

  it("gives its owner the platform's permissions, another workspace does not", async () => {
    const other = await createWorkspace(api.context, { subdomain: 'other', name: 'Other' })
    const url = await makeOwnerLink(api.context, other.id)
    const login = await useLoginLink(api.context, { workspace: other, link: linkOf(url) })
    const rows = await allWorkspaces(api.context.db.sql)
      .selectFrom('appToken')
      .select(['workspaceId', 'allowAllPermission', 'permissions'])
      .where('id', 'in', [login.tokenId])
      .execute()
    expect(rows).toEqual([{ workspaceId: other.id, allowAllPermission: true, permissions: [] }])
    expect((await api.call('{ workspaces { data { subdomain } } }')).errors).toEqual([])
  })
})
