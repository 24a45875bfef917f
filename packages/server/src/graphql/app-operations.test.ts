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
    const logged = api.lines.filter(({ event, ns }) => event === 'app.registered' && ns === 'versioned')
    expect(logged.map(({ version, status }) => [version, status])).toEqual([
      ['1.2.0', 'registered'],
      ['1.2.0', 'unchanged'],
    ])
    expect((await registerOverApi({ ...first, title: 'Other' })).errors[0]?.message).toContain(
      'a version never changes',
    )
    expect((await registerOverApi({ ...first, version: '1.1.9' })).errors[0]?.message).toContain(
      'does not raise',
    )
  })

  const versionOf = async (ns: string) => {
    const { data } = await api.call(`{ miniAppGeneralInfo(ns: "${ns}") { version } }`)
    return data.miniAppGeneralInfo.version
  }

  it('answers what changed, and moves installs to a version that breaks nothing, whatever its number', async () => {
    const base = ledgerDefinition({ ns: 'moving', name: 'moving', type: 'moving', version: '1.0.0' })
    expect((await registerOverApi(base)).data.registerMiniApp.changes).toEqual([])
    await api.call('mutation { installMiniApp(ns: "moving") }')
    const titled = { ...base, title: 'Moved', version: '2.0.0' }
    expect((await registerOverApi(titled)).data.registerMiniApp).toMatchObject({
      installsMoved: 1,
      changes: [{ kind: 'cosmetic', code: 'listing-changed', path: '/title', in: 'after' }],
    })
    expect(await versionOf('moving')).toBe('2.0.0')
  })

  it('leaves installs at a version that the published one breaks, until one breaks it no more', async () => {
    const base = ledgerDefinition({ ns: 'staying', name: 'staying', type: 'staying', version: '1.0.0' })
    await registerOverApi(base)
    await api.call('mutation { installMiniApp(ns: "staying") }')
    const fewer = (base['actions'] as unknown[]).slice(0, 2)
    const breaking = { ...base, actions: fewer, version: '2.0.0' }
    expect((await registerOverApi(breaking)).data.registerMiniApp).toMatchObject({
      installsMoved: 0,
      changes: [{ kind: 'breaking', code: 'action-removed', path: '/actions/2', in: 'before' }],
    })
    const fixed = { ...breaking, title: 'Fixed', version: '2.0.1' }
    expect((await registerOverApi(fixed)).data.registerMiniApp.installsMoved).toBe(0)
    expect(await versionOf('staying')).toBe('1.0.0')
    expect((await registerOverApi({ ...base, version: '2.1.0' })).data.registerMiniApp.installsMoved).toBe(1)
    expect(await versionOf('staying')).toBe('2.1.0')
  })

  it('refuses a version that breaks the published one and does not say so by its number', async () => {
    const base = ledgerDefinition({ ns: 'strict', name: 'strict', type: 'strict', version: '1.4.0' })
    await registerOverApi(base)
    const [addEntry] = base['actions'] as unknown[]
    const breaking = { ...base, actions: [addEntry], version: '1.5.0' }
    const { errors } = await registerOverApi(breaking)
    expect(errors[0]?.message).toMatch(
      /^Version 1\.5\.0 of "strict" does not announce 2 breaking changes since 1\.4\.0: .*\(and 1 more\).*Call it 2\.0\.0 or higher/,
    )
    expect(errors[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      details: {
        publishedVersion: '1.4.0',
        requiredVersion: '2.0.0',
        changes: [1, 2].map((index) => ({
          kind: 'breaking',
          code: 'action-removed',
          path: `/actions/${index}`,
        })),
      },
    })
    expect((await registerOverApi({ ...breaking, version: '2.0.0' })).data.registerMiniApp.outcome).toBe(
      'registered',
    )
  })
})
