import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledgerDefinition } from '../../test/ledger-app.ts'
import { type TestPlatform, testPlatform } from '../../test/platform.ts'
import { appConfigKeys, appConfigOf, setAppConfig } from './app-config.ts'
import { registerDefinition } from './register.ts'

let platform: TestPlatform
let number = 0

beforeAll(async () => {
  platform = await testPlatform({})
})
afterAll(() => platform.close())

async function newApp(): Promise<string> {
  const ns = `app-${++number}`
  await registerDefinition(platform.context, ledgerDefinition({ ns, name: ns, type: ns }))
  return ns
}

describe('app config overrides', () => {
  it('are empty until the operator sets some', async () => {
    const ns = await newApp()
    expect(await appConfigOf(platform.context, ns)).toEqual({})
    expect(await appConfigKeys(platform.context, ns)).toEqual([])
  })

  it('change key by key; null and an empty text take one away', async () => {
    const ns = await newApp()
    const { context } = platform
    expect(await setAppConfig(context, ns, { client_id: 'a', client_secret: 's', scope: 'read' })).toEqual([
      'client_id',
      'client_secret',
      'scope',
    ])
    expect(await setAppConfig(context, ns, { client_id: 'b', client_secret: null, scope: '' })).toEqual([
      'client_id',
    ])
    expect(await appConfigOf(context, ns)).toEqual({ client_id: 'b' })
    expect(await appConfigKeys(context, ns)).toEqual(['client_id'])
  })

  it('are unreadable in the database, and do not open as those of another app', async () => {
    const [ns, other] = [await newApp(), await newApp()]
    const { context } = platform
    await setAppConfig(context, ns, { client_secret: 'very-secret' })
    const row = await context.db.sql
      .selectFrom('appConfig')
      .selectAll()
      .where('ns', '=', ns)
      .executeTakeFirstOrThrow()
    expect(Buffer.from(row.config).toString('latin1')).not.toContain('very-secret')
    await context.db.sql.insertInto('appConfig').values({ ns: other, config: row.config }).execute()
    await expect(appConfigOf(context, other)).rejects.toThrow()
  })

  it('keep what two operators change at the same moment', async () => {
    const ns = await newApp()
    await Promise.all(['a', 'b', 'c'].map((key) => setAppConfig(platform.context, ns, { [key]: 1 })))
    expect(await appConfigKeys(platform.context, ns)).toEqual(['a', 'b', 'c'])
  })

  it.each<[string, unknown]>([
    ['a text', 'client_id=a'],
    ['a list', ['client_id']],
    ['null', null],
    ['too much', { key: 'x'.repeat(64 * 1024) }],
  ])('are refused as %s', async (_name, changes) => {
    const ns = await newApp()
    await expect(setAppConfig(platform.context, ns, changes)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    })
  })

  it('take as much as the limit, which is counted in bytes of JSON', async () => {
    const ns = await newApp()
    const around = JSON.stringify({ key: '' }).length
    await setAppConfig(platform.context, ns, { key: 'x'.repeat(64 * 1024 - around) })
    await expect(
      setAppConfig(platform.context, ns, { key: 'x'.repeat(64 * 1024 - around + 1) }),
    ).rejects.toThrow(/64 KiB/)
  })

  it('are of an app that there is', async () => {
    await expect(setAppConfig(platform.context, 'nothing', {})).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(appConfigKeys(platform.context, 'nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
