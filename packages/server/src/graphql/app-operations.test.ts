import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { ledgerDefinition } from '../../test/ledger-app.ts'
import { installApp } from '../install/install-app.ts'
import { registerDefinition } from '../registry/register.ts'

let api: TestApi

const register = (ns: string, changes: Record<string, unknown> = {}) =>
  registerDefinition(
    api.context,
    ledgerDefinition({ ns, name: ns, type: ns, title: `Title of ${ns}`, label: ns, ...changes }),
  )

beforeAll(async () => {
  api = await testApi()
  await register('alpha')
  await register('beta', { shortDescription: 'Événements et rappels.' })
})
afterAll(() => api.close())

const LIST =
  '{ listMiniAppsGeneralInfo { ns installStatus installationCount auth { isAuthenticated state form } } }'

async function listed(search?: string, token?: string): Promise<string[]> {
  const query = 'query ($search: String) { listMiniAppsGeneralInfo(search: $search) { ns } }'
  const { data } = await api.call(query, { variables: { search }, ...(token && { token }) })
  return data.listMiniAppsGeneralInfo.map(({ ns }: { ns: string }) => ns)
}

describe('listMiniAppsGeneralInfo', () => {
  it('takes as many statements for ten apps, none of them in memory, as for two', async () => {
    await api.call(LIST)
    api.statements.length = 0
    await api.call(LIST)
    const forTwo = api.statements.length
    for (let index = 0; index < 8; index++) await register(`more-${index}`)
    api.statements.length = 0
    const { data } = await api.call(LIST)
    expect(data.listMiniAppsGeneralInfo).toHaveLength(10)
    expect(api.statements.length).toBe(forTwo + 1)
  })

  it('finds words whatever their case and accents', async () => {
    expect(await listed('EVENEMENTS rappels')).toEqual(['beta'])
    expect(await listed('nothing of the kind')).toEqual([])
  })

  it('shows apps that are not public to operators and to those who have installed them', async () => {
    await register('hidden', { status: 'private' })
    const member = await api.tokenWith('showMiniAppsConnections', 'manageMiniApps')
    expect(await listed('hidden')).toEqual(['hidden'])
    expect(await listed('hidden', member)).toEqual([])
    const install = await api.call('mutation { installMiniApp(ns: "hidden") }', { token: member })
    expect(install.errors[0]?.extensions.code).toBe('NOT_FOUND')
    await installApp(api.context, { workspaceId: api.workspace.id, ns: 'hidden' })
    expect(await listed('hidden', member)).toEqual(['hidden'])
  })

  it('tells the state of an install, and counts it', async () => {
    await api.call('mutation { installMiniApp(ns: "alpha") }')
    const { data } = await api.call(
      '{ miniAppGeneralInfo(ns: "alpha") { installStatus installationCount auth { isAuthenticated state userInput } } }',
    )
    expect(data.miniAppGeneralInfo).toEqual({
      installStatus: 'installed',
      installationCount: 1,
      auth: { isAuthenticated: false, state: 'installed', userInput: {} },
    })
    expect(
      (await api.call('{ listMiniAppsGeneralInfo(installStatus: "half") { ns } }')).errors[0]?.extensions
        .code,
    ).toBe('BAD_USER_INPUT')
  })
})

describe('miniAppDetail', () => {
  it('shows the definition without the secrets of its config', async () => {
    await register('secretive', {
      auth: {
        type: 'apikey',
        sensitiveKeys: ['apiKey', 'pin'],
        config: { apiKey: '', pin: 'pin-1234567', region: 'eu' },
      },
      actions: [],
      source: {},
    })
    const { data } = await api.call('{ miniAppDetail(miniAppNs: "secretive") { source } }')
    expect(data.miniAppDetail.source.auth.config).toEqual({ apiKey: '', pin: '', region: 'eu' })
  })

  it('draws the form of an action', async () => {
    const { data } = await api.call('{ miniAppDetail(miniAppNs: "alpha") { actions { name form } } }')
    const [addEntry] = data.miniAppDetail.actions
    expect(addEntry.form.book).toEqual({
      label: 'Book',
      type: 'string',
      source: 'rpc_books',
      fallback: 'input',
      rules: { required: true },
    })
    expect(addEntry.form.entry).toMatchObject({ source: 'rpc_entries', dependsOn: ['book'] })
    expect(addEntry.form.tags).toMatchObject({ type: 'array', items: [{ type: 'string' }] })
  })
})

describe('registerMiniApp', () => {
  const registerOverApi = (definition: unknown) =>
    api.call('mutation ($definition: JSON!) { registerMiniApp(definition: $definition) }', {
      variables: { definition },
    })

  it('refuses an invalid definition with its findings', async () => {
    const { errors } = await registerOverApi(ledgerDefinition({ ns: 'Not A Name' }))
    expect(errors[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { findings: expect.any(Array) },
    })
    expect(errors[0]?.message).toContain('/ns')
  })

  it('registers once, refuses other content under the same version and a lower version', async () => {
    const first = ledgerDefinition({
      ns: 'versioned',
      name: 'versioned',
      type: 'versioned',
      version: '1.2.0',
    })
    expect((await registerOverApi(first)).data.registerMiniApp).toMatchObject({
      outcome: 'registered',
      installsMoved: 0,
    })
    expect((await registerOverApi(first)).data.registerMiniApp.outcome).toBe('unchanged')
    expect((await registerOverApi({ ...first, title: 'Other' })).errors[0]?.message).toContain(
      'a version never changes',
    )
    expect((await registerOverApi({ ...first, version: '1.1.9' })).errors[0]?.message).toContain(
      'does not raise',
    )
  })

  it('moves installs to a version that does not break by its number, and leaves them at one that does', async () => {
    const base = ledgerDefinition({ ns: 'moving', name: 'moving', type: 'moving', version: '1.0.0' })
    await registerOverApi(base)
    await api.call('mutation { installMiniApp(ns: "moving") }')
    const version = async () =>
      (await api.call('{ miniAppGeneralInfo(ns: "moving") { version } }')).data.miniAppGeneralInfo.version
    expect((await registerOverApi({ ...base, version: '1.1.0' })).data.registerMiniApp.installsMoved).toBe(1)
    expect(await version()).toBe('1.1.0')
    expect((await registerOverApi({ ...base, version: '2.0.0' })).data.registerMiniApp.installsMoved).toBe(0)
    expect(await version()).toBe('1.1.0')
  })
})
