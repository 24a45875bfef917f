import { afterAll, beforeAll, expect, it } from 'vitest'
import { type LedgerPlatform, ledgerPlatform } from '../../test/ledger-platform.ts'
import { executeAction } from '../action/execute.ts'
import { installApp } from './install-app.ts'
import { disconnect } from './remove.ts'
import { findInstall } from './store.ts'
import { liftSuspension, suspend } from './suspend.ts'

let platform: LedgerPlatform
beforeAll(async () => {
  platform = await ledgerPlatform()
})
afterAll(() => platform.close())

const NS = 'ledger'

it('a suspended app answers as if it were not installed, keeps nothing and frees its account; lifted, it connects anew', async () => {
  const { context } = platform
  const actor = await platform.newActor('held')
  const key = { workspaceId: actor.workspaceId, ns: NS }
  const run = () =>
    executeAction(context, {
      actor,
      appNs: NS,
      actionName: 'sumEntries',
      formInput: { amounts: [1] },
      requestId: 'r',
    })
  await platform.connect(actor, 'suspended')
  expect(await run()).toMatchObject({ success: true })

  await suspend(context, key)
  await suspend(context, key)
  expect(await findInstall(context.db.sql, key)).toMatchObject({
    state: 'suspended',
    credentials: null,
    uid: null,
  })
  expect(await run()).toMatchObject({ success: false, error: { code: 'NOT_INSTALLED' } })
  await expect(platform.connect(actor, 'suspended')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(disconnect(context, key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const other = await platform.newActor('free')
  await platform.connect(other, 'suspended')

  await liftSuspension(context, key)
  await expect(liftSuspension(context, key)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  expect(await run()).toMatchObject({ error: { code: 'NOT_CONFIGURED' } })
  await platform.connect(actor, 'another')
  expect(await run()).toMatchObject({ success: true })
})

it('installing does not lift a suspension, and an app that is not installed cannot be suspended', async () => {
  const { context } = platform
  const actor = await platform.newActor('stays')
  const key = { workspaceId: actor.workspaceId, ns: NS }
  await expect(suspend(context, key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await installApp(context, key)
  await suspend(context, key)
  expect(await installApp(context, key)).toMatchObject({ state: 'suspended' })
})
