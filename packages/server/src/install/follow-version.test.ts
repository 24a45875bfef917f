import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledgerDefinition } from '../../test/ledger-app.ts'
import { type TestPlatform, testPlatform } from '../../test/platform.ts'
import { registerDefinition } from '../registry/register.ts'
import { findVersion } from '../registry/store.ts'
import { followPublishedVersion } from './follow-version.ts'
import { installApp } from './install-app.ts'
import { findInstall, listInstallsBehind } from './store.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform({})
})
afterAll(() => platform.close())

const register = (ns: string, version: string) =>
  registerDefinition(platform.context, { ...ledgerDefinition({ ns }), version })

async function install(ns: string): Promise<{ workspaceId: string; ns: string }> {
  const { workspaceId } = await platform.newActor(`of-${ns}`)
  await installApp(platform.context, { workspaceId, ns })
  return { workspaceId, ns }
}

it('installs on any other version of the app follow the published one, once', async () => {
  const { sql } = platform.context.db
  await register('bystander', '1.0.0')
  await install('bystander')
  await register('followed', '1.0.0')
  const old = await install('followed')
  await register('followed', '1.1.0')
  const { workspaceId } = await platform.newActor('newcomer')
  const current = { workspaceId, ns: 'followed' }
  await installApp(platform.context, current)

  const versionId = async (version: string) =>
    String((await findVersion(sql, { ns: 'followed', version }))?.id)
  const behind = async (version: string) =>
    (await listInstallsBehind(sql, { ns: 'followed', versionId: await versionId(version) })).map(
      (found) => found.workspaceId,
    )
  // Whether the published version is the newer or, withdrawn, the older one.
  expect(await behind('1.1.0')).toEqual([old.workspaceId])
  expect(await behind('1.0.0')).toEqual([current.workspaceId])

  expect(await followPublishedVersion(platform.context, 'followed')).toBe(1)
  for (const key of [old, current]) {
    expect((await findInstall(sql, key))?.versionId).toBe(await versionId('1.1.0'))
  }
  expect(await followPublishedVersion(platform.context, 'followed')).toBe(0)
})
