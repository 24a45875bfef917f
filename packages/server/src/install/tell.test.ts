import { MiniAppError } from 'miniapp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type WebhookPlatform, webhookPlatform } from '../../test/webhook-platform.ts'
import { installApp } from './install-app.ts'
import { findLiveInstall } from './live-install.ts'
import { expire } from './refresh-exchange.ts'
import { disconnect, uninstall } from './remove.ts'
import { liftSuspension, suspend } from './suspend.ts'

let platform: WebhookPlatform

beforeAll(async () => {
  platform = await webhookPlatform()
})

afterAll(() => platform.close())

async function told(workspaceId: string) {
  const rows = await platform.context.db.sql
    .selectFrom('outbox')
    .select(['type', 'action', 'data'])
    .where('workspaceId', '=', workspaceId)
    .orderBy('id')
    .execute()
  return rows.map(({ type, action, data }) => {
    const { object } = data as { object: { ns: string; state: string; errorCode: string | null } }
    return [type, action, object.ns, object.state, object.errorCode].join(' ')
  })
}

it('a workspace is told when a connection is made, fails and ends, and of nothing else', async () => {
  const workspaceId = await platform.newShop('told')
  const key = { workspaceId, ns: 'market' }
  const { context } = platform
  const connected = 'miniapps:install connected market connected '
  const expected = [connected]
  expect(await told(workspaceId)).toEqual(expected)

  platform.clock.now += 1
  await platform.connect('told', key)
  expected.push(connected)
  expect(await told(workspaceId)).toEqual(expected)

  const live = await findLiveInstall(context, key)
  if (live === undefined) throw new Error('It is not there.')
  const error = new MiniAppError('AUTH_EXPIRED', 'The grant is over.')
  await expire(context, live, { error })
  await expire(context, live, { error })
  expected.push('miniapps:install error market error AUTH_EXPIRED')
  expect(await told(workspaceId)).toEqual(expected)

  await disconnect(context, key)
  await disconnect(context, key)
  expected.push('miniapps:install disconnected market installed ')
  expect(await told(workspaceId)).toEqual(expected)

  platform.clock.now += 1
  await platform.connect('told', key)
  await suspend(context, key)
  await liftSuspension(context, key)
  expected.push(connected, 'miniapps:install disconnected market suspended ')
  expect(await told(workspaceId)).toEqual(expected)

  platform.clock.now += 1
  await platform.connect('told', key)
  await uninstall(context, key)
  expected.push(connected, 'miniapps:install disconnected market uninstalled ')
  await installApp(context, key)
  await uninstall(context, key)
  expect(await told(workspaceId)).toEqual(expected)
})
