import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testEngine } from '../../test/database.ts'
import { type TestRecords, type TestWorkspace, testRecords } from '../../test/records.ts'
import type { Caller } from '../account/app-token.ts'
import type { Context } from '../context.ts'
import type { Database } from '../db/client.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import { addTag, editTag } from '../tag/edit-tag.ts'
import { mergeTags } from '../tag/merge-tags.ts'
import { removeTag } from '../tag/remove-tag.ts'
import { changeTags, listTags } from '../tag/store.ts'
import { applyCustomers } from './apply-customer.ts'
import { addToCatalogue, PRODUCT } from './edit-catalogue.ts'
import { addCustomer, editCustomer } from './edit-customer.ts'
import { removeCustomers } from './remove-customers.ts'
import { setTags } from './set-tags.ts'
import { lockCustomers } from './store.ts'
import { withTagIds } from './tagged.ts'
import { uniteCustomers } from './unite-customers.ts'

let records: TestRecords
let workspace: TestWorkspace
let caller: Caller
let here: Context
/** Another process on the same database, where the engine serves several. */
let there: Context
let second: Database | undefined

beforeAll(async () => {
  records = await testRecords()
  here = records.context
  second = await records.db.openAgain?.()
  there = { ...here, db: second ?? here.db }
})
afterAll(async () => {
  await second?.close()
  await records.close()
})
beforeEach(async () => {
  workspace = await records.newWorkspace()
  caller = { workspaceId: workspace.workspaceId, tokenId: crypto.randomUUID() } as Caller
})

const ROUNDS = 12
const type = 'core:customer'

let made = 0
const tag = async (parentId?: string) => {
  made += 1
  return (await addTag(here, caller, { name: `tag ${made}`, type, parentId })).id
}
const customer = async (tagIds: string[] = []) =>
  (await addCustomer(here, caller, { firstName: 'x', tagIds })).id
const put = (context: Context, targetId: string, tagIds: string[]) =>
  setTags(context, caller, { type, targetIds: [targetId], tagIds })
const carried = async (id: string) => (await withTagIds(here.db.sql, caller.workspaceId, [{ id }]))[0]?.tagIds
const tags = () => listTags(here.db.sql, { workspaceId: caller.workspaceId })
const rounds = Array.from({ length: ROUNDS }, (_, round) => round)

/** What became of each, and why. */
async function outcomes(...acts: Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(acts)
  return settled.map((one) =>
    one.status === 'fulfilled' ? 'done' : String((one.reason as { code?: string }).code),
  )
}

/** No link leads to a tag that is not there, or from a customer that is not there. */
async function expectNoLooseEnds(): Promise<void> {
  const { workspaceId } = caller
  const links = await here.db.sql
    .selectFrom('tagged')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .execute()
  const known = new Set([
    ...(await tags()).map(({ id }) => id),
    ...(await workspace.customers()).map(({ id }) => id),
  ])
  expect(links.filter(({ tagId, targetId }) => !known.has(tagId) || !known.has(targetId))).toEqual([])
}

describe('at the same time', () => {
  it.each(rounds)('a tag is put on and removed: it is gone, from everywhere (%i)', async () => {
    const [gone, stays] = [await tag(), await tag()]
    const id = await customer([stays])
    const [tagging, removing] = await outcomes(put(here, id, [gone, stays]), removeTag(there, caller, gone))
    expect(removing).toBe('done')
    expect(['done', 'BAD_USER_INPUT']).toContain(tagging)
    expect(await carried(id)).toEqual([stays])
    await expectNoLooseEnds()
  })

  it.each(rounds)('two sets of tags are put on one customer: one of them stands (%i)', async () => {
    const [a, b, c] = [await tag(), await tag(), await tag()]
    const id = await customer([c])
    expect(await outcomes(put(here, id, [a]), put(there, id, [b]))).toEqual(['done', 'done'])
    expect([[a], [b]]).toContainEqual(await carried(id))
  })

  it.each(rounds)('two sets of tags are put on one product: one of them stands (%i)', async () => {
    const product = async () =>
      (await addToCatalogue(here, caller, { kind: PRODUCT, said: { name: 'x' } })).id
    const [one, two] = [await product(), await product()]
    const sets = await Promise.all(
      ['a', 'b'].map((name) => addTag(here, caller, { name, type: 'core:product' })),
    )
    const [a, b] = sets.map(({ id }) => id) as [string, string]
    const all = (context: Context, targetIds: string[], tagId: string) =>
      setTags(context, caller, { type: 'core:product', targetIds, tagIds: [tagId] })
    expect(await outcomes(all(here, [one, two], a), all(there, [two, one], b))).toEqual(['done', 'done'])
    expect([[a], [b]]).toContainEqual(await carried(one))
    expect(await carried(two)).toEqual(await carried(one))
  })

  it.each(rounds)(
    'two tags are merged into each other: one of them stays, with everything (%i)',
    async () => {
      const [a, b] = [await tag(), await tag()]
      const [one, two] = [await customer([a]), await customer([b])]
      const merged = await outcomes(
        mergeTags(here, caller, { sourceId: a, destId: b }),
        mergeTags(there, caller, { sourceId: b, destId: a }),
      )
      expect(merged.sort()).toEqual(['NOT_FOUND', 'done'])
      const [left, ...others] = await tags()
      expect(others).toEqual([])
      expect(await carried(one)).toEqual([left?.id])
      expect(await carried(two)).toEqual([left?.id])
    },
  )

  it.each(rounds)('a tag is put on and merged: what carried it carries the other one (%i)', async () => {
    const [source, dest] = [await tag(), await tag()]
    const id = await customer([source])
    const [tagging, merging] = await outcomes(
      put(here, id, [source, dest]),
      mergeTags(there, caller, { sourceId: source, destId: dest }),
    )
    expect(merging).toBe('done')
    expect(['done', 'BAD_USER_INPUT']).toContain(tagging)
    expect(await carried(id)).toEqual([dest])
    await expectNoLooseEnds()
  })

  it.each(rounds)('two tags are moved below each other: one of them is (%i)', async () => {
    const [a, b] = [await tag(), await tag()]
    const below = (context: Context, id: string, parentId: string) =>
      editTag(context, caller, { id, name: id, type, parentId })
    expect((await outcomes(below(here, a, b), below(there, b, a))).sort()).toEqual(['BAD_USER_INPUT', 'done'])
    expect((await tags()).map(({ ancestors }) => ancestors.length).sort()).toEqual([0, 1])
  })

  it.each(rounds)('a tag gets one below it and is removed: never both (%i)', async () => {
    const parent = await tag()
    const [adding, removing] = await outcomes(
      addTag(here, caller, { name: 'child', type, parentId: parent }),
      removeTag(there, caller, parent),
    )
    expect([adding, removing].sort()).toEqual(['BAD_USER_INPUT', 'done'])
    expect(await tags()).toHaveLength(adding === 'done' ? 2 : 0)
  })

  it.each(rounds)('two people make a tag of one name: there is one (%i)', async () => {
    const make = (context: Context) => addTag(context, caller, { name: 'same', type })
    expect((await outcomes(make(here), make(there))).sort()).toEqual(['BAD_USER_INPUT', 'done'])
    expect(await tags()).toHaveLength(1)
  })

  it.each(rounds)('two batches name the same new tags: each is made once (%i)', async () => {
    const batch = (context: Context, ns: string, names: string[]) => {
      const customers = names.map((name, index) => ({ code: index, tags: [name, 'all'] }))
      const of = { workspaceId: caller.workspaceId, ns, source: { ns }, customers }
      return retryCollisions(() => context.db.transaction((trx) => applyCustomers(context, trx, of)))
    }
    const names = ['a', 'b', 'c']
    const acts = [batch(here, 'salla', names), batch(there, 'zid', names.toReversed())]
    expect(await outcomes(...acts)).toEqual(['done', 'done'])
    expect((await tags()).map(({ name }) => name)).toEqual(['a', 'all', 'b', 'c'])
    const customers = await workspace.customers()
    expect(customers.map((one) => one.tags.length)).toEqual([2, 2, 2, 2, 2, 2])
  })

  it.each(rounds)('an app names a tag that is removed: it is gone, or made anew (%i)', async () => {
    const { id } = await addTag(here, caller, { name: 'named', type })
    const of = { workspaceId: caller.workspaceId, ns: 'salla', source: { ns: 'salla' } }
    const customers = [{ code: '1', tags: ['named'] }]
    const saying = retryCollisions(() =>
      here.db.transaction((trx) => applyCustomers(here, trx, { ...of, customers })),
    )
    expect(await outcomes(saying, removeTag(there, caller, id))).toEqual(['done', 'done'])
    const left = (await tags()).map((one) => one.id)
    expect(left).not.toContain(id)
    const [one] = await workspace.customers()
    expect(one?.tags).toEqual(left.length === 0 ? [] : ['named'])
    await expectNoLooseEnds()
  })

  it.each(rounds)(
    'customers are merged or removed while their tags go: nothing is left loose (%i)',
    async () => {
      const [a, b] = [await tag(), await tag()]
      const [one, two, three] = [await customer([a]), await customer([b]), await customer([a, b])]
      const done = await outcomes(
        uniteCustomers(here, caller, { ids: [one, two], fields: {} }),
        removeTag(there, caller, a),
        removeCustomers(there, caller, [three]),
        editCustomer(here, caller, { idOrCode: three, fields: { tagIds: [b] } }),
      )
      expect(done.slice(0, 3)).toEqual(['done', 'done', 'done'])
      expect(['done', 'NOT_FOUND']).toContain(done[3])
      expect(await carried(one)).toEqual([b])
      await expectNoLooseEnds()
    },
  )
})

// The embedded database has one connection: its transactions never meet.
describe.runIf(testEngine === 'postgres')('a customer that is locked', () => {
  /** Somebody waits for a lock in this database. */
  async function untilSomebodyWaits(): Promise<void> {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    `.execute(here.db.sql)
    if (rows.length === 0) return untilSomebodyWaits()
  }

  it('is tagged as it is when its lock is free, not as it was before', async () => {
    const [a, b] = [await tag(), await tag()]
    const id = await customer()
    const { workspaceId } = caller
    const release = Promise.withResolvers<void>()
    const locked = Promise.withResolvers<void>()
    const first = here.db.transaction(async (trx) => {
      await lockCustomers(trx, workspaceId, [id])
      await changeTags(trx, { workspaceId, type }, [{ targetId: id, before: [], after: [a] }])
      locked.resolve()
      await release.promise
    })
    await locked.promise
    const tagging = put(there, id, [b])
    await untilSomebodyWaits()
    release.resolve()
    await Promise.all([first, tagging])
    expect(await carried(id)).toEqual([b])
  })
})
