import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type WebhookPlatform, webhookPlatform } from '../../test/webhook-platform.ts'
import { PROMPT_CLAIMS } from '../jobs/left-claims.ts'
import { freeLeftEvents } from './left-events.ts'
import { CLAIM_MS, processDue } from './process.ts'
import { claimEvents } from './store.ts'

/** Of a process that has ended. */
const ENDED = '1'

let platform: WebhookPlatform

beforeAll(async () => {
  platform = await webhookPlatform()
})

afterAll(() => platform.close())

let delivered = 0
const send = (subdomain: string) => platform.send({ subdomain, body: { delivery_id: `${++delivered}` } })

function claim(workspaceId: string, holder = ENDED) {
  const { now } = platform.clock
  const until = new Date(now + CLAIM_MS)
  return claimEvents(platform.context.db, { workspaceId, now: new Date(now), until, holder, limit: 10 })
}

it('what an ended process had taken is due at once, in every workspace, and its work counts no more', async () => {
  const shops = [await platform.newShop('left-1'), await platform.newShop('left-2')]
  for (const name of ['left-1', 'left-1', 'left-2']) await send(name)
  for (const shop of shops) await claim(shop)
  expect(await processDue(platform.context)).toBe(0)
  await freeLeftEvents(platform.context)
  expect(await processDue(platform.context)).toBe(3)
  for (const shop of shops) {
    for (const event of await platform.events(shop)) {
      expect(event).toMatchObject({ status: 'processed', attempts: 2, claimedBy: null })
    }
  }
})

it('what a running process has taken stays its own', async () => {
  const shop = await platform.newShop('running')
  await send('running')
  const other = await platform.secondServer()
  const holder = await (other?.context ?? platform.context).db.processId()
  await claim(shop, holder)
  await freeLeftEvents(platform.context)
  expect(await processDue(platform.context)).toBe(0)
  expect(await platform.events(shop)).toMatchObject([{ status: 'processing', claimedBy: holder }])
  await other?.close()
  platform.clock.now += CLAIM_MS
  expect(await processDue(platform.context)).toBe(1)
})

it('what was taken again and again waits until its claim runs out', async () => {
  const shop = await platform.newShop('again')
  await send('again')
  for (let time = 1; time <= PROMPT_CLAIMS; time++) {
    expect(await claim(shop)).toMatchObject([{ attempts: time }])
    await freeLeftEvents(platform.context)
  }
  expect(await claim(shop)).toHaveLength(1)
  await freeLeftEvents(platform.context)
  expect(await processDue(platform.context)).toBe(0)
  platform.clock.now += CLAIM_MS
  expect(await processDue(platform.context)).toBe(1)
})

it('what a turn could not store is given back by its own process when the database takes it again', async () => {
  const shop = await platform.newShop('unstored')
  const db = allWorkspaces(platform.context.db.sql)
  await send('unstored')
  await sql`alter table webhook_event add constraint full_disk
    check (workspace_id <> ${sql.lit(shop)}::uuid or status <> 'processed')`.execute(db)
  await expect(processDue(platform.context)).rejects.toThrow('full_disk')
  await sql`alter table webhook_event drop constraint full_disk`.execute(db)
  expect(await processDue(platform.context)).toBe(0)
  await freeLeftEvents(platform.context)
  expect(await processDue(platform.context)).toBe(1)
  expect(await platform.events(shop)).toMatchObject([{ status: 'processed', attempts: 2 }])
})
