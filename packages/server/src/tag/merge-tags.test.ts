import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TestRecords, testRecords } from '../../test/records.ts'
import type { Caller } from '../account/app-token.ts'
import { countTagged } from '../record/tagged.ts'
import { addTag } from './edit-tag.ts'
import { mergeTags } from './merge-tags.ts'
import { changeTags, LINKS_PER_STATEMENT } from './store.ts'

let records: TestRecords
beforeAll(async () => {
  records = await testRecords()
})
afterAll(() => records.close())

it('moves what carries a tag, however much it is, and what carries both once', async () => {
  const { context } = records
  const { workspaceId, transaction } = await records.newWorkspace()
  const caller = { workspaceId } as Caller
  const type = 'core:customer'
  const [source, dest] = await Promise.all(['a', 'b'].map((name) => addTag(context, caller, { name, type })))
  const [sourceId, destId] = [String(source?.id), String(dest?.id)]
  const carrying = (count: number, after: string[]) =>
    Array.from({ length: count }, () => ({ targetId: crypto.randomUUID(), before: [], after }))
  const links = [
    ...carrying(LINKS_PER_STATEMENT, [sourceId]),
    ...carrying(1, [sourceId]),
    ...carrying(2, [sourceId, destId]),
  ]
  await transaction((trx) => changeTags(trx, { workspaceId, type }, links))
  await mergeTags(context, caller, { sourceId, destId })
  const counts = await countTagged(context.db.sql, workspaceId, [sourceId, destId])
  expect([...counts]).toEqual([[destId, LINKS_PER_STATEMENT + 3]])
})
