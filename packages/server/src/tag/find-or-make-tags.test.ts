import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TestRecords, type TestWorkspace, testRecords } from '../../test/records.ts'
import type { Caller } from '../account/app-token.ts'
import { addTag, MAX_TAGS } from './edit-tag.ts'
import { findOrMakeTags } from './find-or-make-tags.ts'
import { MAX_TAGS_OF_ONE } from './hold-tags.ts'
import { removeTag } from './remove-tag.ts'
import { countTags } from './store.ts'
import { MAX_TAG_NAME_CHARACTERS } from './tag-name.ts'

let records: TestRecords
let workspace: TestWorkspace

beforeAll(async () => {
  records = await testRecords()
  workspace = await records.newWorkspace()
})
afterAll(() => records.close())

const makeAll = (names: readonly string[]) =>
  workspace.transaction((trx) =>
    findOrMakeTags(records.context, trx, {
      workspaceId: workspace.workspaceId,
      type: 'core:customer',
      names,
    }),
  )
const count = () => countTags(records.context.db.sql, { workspaceId: workspace.workspaceId })

it(`reads at most ${MAX_TAGS_OF_ONE} tags of a customer, and ${MAX_TAG_NAME_CHARACTERS} characters of each`, async () => {
  const long = 'x'.repeat(MAX_TAG_NAME_CHARACTERS)
  const tags = Array.from({ length: MAX_TAGS_OF_ONE }, (_, index) => `tag ${index}`)
  const { customerId } = await workspace.customer('salla', { code: '1', tags: [`${long}yz`, ...tags] })
  const [customer] = await workspace.customers()
  expect(customer?.id).toBe(customerId)
  expect(customer?.tags).toEqual([long, ...tags.slice(0, -1)].sort())
  await workspace.customer('salla', { code: '2', tags: [`${long}other`, ' ', null, { name: 'no text' }, 7] })
  const [, other] = await workspace.customers()
  expect(other?.tags).toEqual(['7', long])
})

it(`makes no tags beyond ${MAX_TAGS} of a workspace, and finds those that there are`, async () => {
  const room = MAX_TAGS - (await count())
  const names = Array.from({ length: room - 1 }, (_, index) => `made ${index}`)
  expect((await makeAll(names)).size).toBe(room - 1)
  const byHand = (name: string) =>
    addTag(records.context, { workspaceId: workspace.workspaceId } as Caller, {
      name,
      type: 'core:product',
    })
  const found = await makeAll(['made 0', 'the last', 'one more', 'and another'])
  expect([...found.keys()].sort()).toEqual(['made 0', 'the last'])
  expect(await count()).toBe(MAX_TAGS)
  await expect(byHand('by hand')).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining(`at most ${MAX_TAGS} tags`),
  })
  await removeTag(
    records.context,
    { workspaceId: workspace.workspaceId } as Caller,
    String(found.get('made 0')),
  )
  expect(await byHand('by hand')).toMatchObject({ name: 'by hand' })
})
