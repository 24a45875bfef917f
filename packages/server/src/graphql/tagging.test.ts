import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { appSays, toldOf } from '../../test/records.ts'
import { createWorkspace } from '../account/create-workspace.ts'
import { applyCustomer } from '../record/apply-customer.ts'
import { applyRecord } from '../record/apply-record.ts'
import type { RecordEvent } from '../record/record-event.ts'
import { MAX_TAGGED } from '../record/set-tags.ts'
import { MAX_TAGS_OF_ONE } from '../tag/hold-tags.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi({ SAAS_API_URL: 'http://localhost:4000' })
})
afterAll(() => api.close())

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape are compared with literals
type Answer = any

const ask: TestApi['ask'] = (...asked) => api.ask(...asked)
const refusal: TestApi['refusal'] = (...asked) => api.refusal(...asked)

let made = 0
async function tag(type = 'core:customer', parentId?: string): Promise<string> {
  made += 1
  const query =
    'mutation ($name: String!, $type: String!, $parentId: String) { tagsAdd(name: $name, type: $type, parentId: $parentId) { _id } }'
  return (await ask(query, { name: `tag ${made}`, type, parentId }))._id
}

const TAG = `mutation ($type: String!, $targetIds: [String!]!, $tagIds: [String!]!) {
  tagsTag(type: $type, targetIds: $targetIds, tagIds: $tagIds)
}`
const tagAll = (type: string, targetIds: string[], tagIds: string[]) => ask(TAG, { type, targetIds, tagIds })

async function customer(tagIds: string[] = []): Promise<string> {
  const query =
    'mutation ($tagIds: [String!]) { customersAdd(firstName: "Customer", tagIds: $tagIds) { _id } }'
  return (await ask(query, { tagIds }))._id
}

const product = async (): Promise<string> =>
  (await ask('mutation { productsAdd(name: "Product") { _id } }'))._id
const tagsOf = async (kind: 'customer' | 'product', id: string): Promise<string[]> =>
  (await ask(`{ ${kind}Detail(_id: "${id}") { tagIds } }`)).tagIds
const counts = async (id: string) => {
  const { objectCount, totalObjectCount } = await ask(
    `{ tagDetail(_id: "${id}") { objectCount totalObjectCount } }`,
  )
  return [objectCount, totalObjectCount]
}

async function told(id: string): Promise<[string, Answer][]> {
  const events = await toldOf(api.context, api.workspace.id)
  return events
    .map(({ action, data }): [string, Answer] => [action, (data as Answer).object])
    .filter(([, object]) => object._id === id)
}

const said = (customer: Record<string, unknown>, at?: number) =>
  appSays(api.context, { workspaceId: api.workspace.id, customer, at })

function event(record: RecordEvent) {
  const of = { workspaceId: api.workspace.id, ns: 'salla', source: { ns: 'salla' } }
  return api.context.db.transaction((trx) => applyRecord(api.context, trx, { ...of, record }))
}

describe('tagsTag', () => {
  it('replaces the tags of each customer, and tells of it', async () => {
    const [a, b] = [await tag(), await tag()]
    const [one, two] = [await customer([a]), await customer()]
    expect(await tagAll('core:customer', [one, two, one], [b])).toBe('2 tagged')
    expect(await tagsOf('customer', one)).toEqual([b])
    expect(await tagsOf('customer', two)).toEqual([b])
    const updates = (await told(one)).filter(([action]) => action === 'update')
    expect(updates).toEqual([
      ['update', expect.objectContaining({ tagIds: [b], tags: [expect.any(String)] })],
    ])
    // What changes nothing is no event.
    await tagAll('core:customer', [one], [b, b])
    expect((await told(one)).filter(([action]) => action === 'update')).toHaveLength(1)
    await tagAll('core:customer', [one], [])
    expect(await tagsOf('customer', one)).toEqual([])
    expect((await told(one)).at(-1)?.[1]).toMatchObject({ tagIds: [], tags: [] })
  })

  it('is seen by what comes after it in the same request', async () => {
    const [a, b] = [await tag(), await tag()]
    const id = await customer()
    const put = (name: string, tagId: string) =>
      `${name}: customersEdit(_id: "${id}", tagIds: ["${tagId}"]) { tagIds getTags { _id objectCount } }`
    const { data, errors } = await api.call(
      `mutation { ${put('one', a)} ${put('two', b)} ${put('three', a)} }`,
    )
    expect(errors).toEqual([])
    const carrying = (_id: string) => ({ tagIds: [_id], getTags: [{ _id, objectCount: 1 }] })
    expect(data).toEqual({ one: carrying(a), two: carrying(b), three: carrying(a) })
  })

  it('knows ids in whatever case', async () => {
    const [own, wares] = [await tag(), await tag('core:product')]
    const [person, ware] = [await customer(), await product()]
    await tagAll('core:customer', [person.toUpperCase()], [own.toUpperCase()])
    await tagAll('core:product', [ware.toUpperCase()], [wares.toUpperCase()])
    expect([await tagsOf('customer', person), await tagsOf('product', ware)]).toEqual([[own], [wares]])
  })

  it('changes when the customer was changed', async () => {
    const id = await customer()
    const read = () => ask(`{ customerDetail(_id: "${id}") { modifiedAt } }`)
    const before = await read()
    api.clock.now += 1_000
    await tagAll('core:customer', [id], [await tag()])
    expect((await read()).modifiedAt > before.modifiedAt).toBe(true)
  })

  it('tags products', async () => {
    const [own, all] = [await tag('core:product'), await tag('core:all')]
    const [one, two] = [await product(), await product()]
    const before = await ask(`{ productDetail(_id: "${one}") { updatedAt } }`)
    api.clock.now += 1_000
    await tagAll('core:product', [one, two], [own, all])
    expect(await ask(`{ productDetail(_id: "${one}") { tagIds getTags { _id type } } }`)).toEqual({
      tagIds: [own, all].sort(),
      getTags: [own, all].sort().map((_id) => ({ _id, type: _id === own ? 'core:product' : 'core:all' })),
    })
    await tagAll('core:product', [one], [all])
    const { updatedAt } = await ask(`{ productDetail(_id: "${one}") { updatedAt } }`)
    expect(updatedAt > before.updatedAt).toBe(true)
    expect(await ask(`{ products(tag: "${own}") { data { _id } pagination { totalCount } } }`)).toEqual({
      data: [{ _id: two }],
      pagination: { totalCount: 1 },
    })
    expect(await ask('{ productCountByTags }')).toMatchObject({ [own]: 1, [all]: 2 })
  })

  it.each([
    [
      'core:customer',
      'core:product',
      'is of type core:product; core:customer takes core:customer and core:all',
    ],
    [
      'core:product',
      'core:customer',
      'is of type core:customer; core:product takes core:product and core:all',
    ],
  ])('changes nothing where one tag is not for %s', async (type, other, message) => {
    const kind = type === 'core:customer' ? 'customer' : 'product'
    const id = await (kind === 'customer' ? customer() : product())
    const own = await tag(type)
    await tagAll(type, [id], [own])
    const refused = await refusal(TAG, { type, targetIds: [id], tagIds: [await tag(other)] })
    expect(refused).toEqual({ code: 'BAD_USER_INPUT', message: expect.stringContaining(message) })
    expect(await tagsOf(kind, id)).toEqual([own])
  })

  it.each<[string, { type?: string; targetIds?: string[]; tagIds?: string[] }, string, string]>([
    ['a tag that there is not', { tagIds: [crypto.randomUUID()] }, 'BAD_USER_INPUT', 'There is no tag'],
    ['a tag that is no id', { tagIds: ['vip'] }, 'BAD_USER_INPUT', 'There is no tag "vip"'],
    [
      'a customer that there is not',
      { targetIds: [crypto.randomUUID()] },
      'NOT_FOUND',
      'There is no customer',
    ],
    ['a target that is no id', { targetIds: ['x'] }, 'NOT_FOUND', 'There is no customer "x"'],
    ['a customer as a product', { type: 'core:product', tagIds: [] }, 'NOT_FOUND', 'There is no product'],
    [
      'what cannot be tagged',
      { type: 'core:all' },
      'BAD_USER_INPUT',
      'type must be one of core:customer, core:product',
    ],
  ])('changes nothing for %s', async (_what, args, code, message) => {
    const own = await tag()
    const id = await customer([own])
    const other = await tag()
    const wanted = { type: 'core:customer', ...args }
    const refused = await refusal(TAG, {
      ...wanted,
      targetIds: [id, ...(args.targetIds ?? [])],
      tagIds: args.tagIds?.length === 0 ? [] : [other, ...(args.tagIds ?? [])],
    })
    expect(refused).toEqual({ code, message: expect.stringContaining(message) })
    expect(await tagsOf('customer', id)).toEqual([own])
  })

  it(`puts ${MAX_TAGS_OF_ONE} tags on ${MAX_TAGGED} customers in one call, and no more`, async () => {
    const tagIds: string[] = []
    while (tagIds.length <= MAX_TAGS_OF_ONE) tagIds.push(await tag())
    const targetIds: string[] = []
    while (targetIds.length <= MAX_TAGGED) targetIds.push(await customer())
    const [lastTag, lastTarget] = [tagIds.pop() as string, targetIds.pop() as string]
    const type = 'core:customer'
    expect(await refusal(TAG, { type, targetIds: [lastTarget], tagIds: [...tagIds, lastTag] })).toMatchObject(
      {
        message: `tagIds must be at most ${MAX_TAGS_OF_ONE} tags.`,
      },
    )
    expect(await refusal(TAG, { type, targetIds: [...targetIds, lastTarget], tagIds })).toMatchObject({
      message: `At most ${MAX_TAGGED} targetIds go into one call.`,
    })
    expect(await tagAll(type, targetIds, tagIds)).toBe(`${MAX_TAGGED} tagged`)
    expect(await counts(tagIds[0] as string)).toEqual([MAX_TAGGED, MAX_TAGGED])
    expect((await tagsOf('customer', targetIds.at(-1) as string)).length).toBe(MAX_TAGS_OF_ONE)
    expect(
      await refusal(
        'mutation ($tagIds: [String!]) { customersAdd(firstName: "x", tagIds: $tagIds) { _id } }',
        {
          tagIds: [...tagIds, lastTag],
        },
      ),
    ).toMatchObject({ message: `tagIds must be a list of at most ${MAX_TAGS_OF_ONE} ids of tags.` })
    // What an app says besides is left out.
    await ask(`mutation { customersEdit(_id: "${targetIds[0]}", primaryEmail: "full@example.com") { _id } }`)
    await said({ primaryEmail: 'full@example.com', tags: ['besides'] }, api.clock.now + 1)
    expect((await tagsOf('customer', targetIds[0] as string)).length).toBe(MAX_TAGS_OF_ONE)
  })

  it('is what a person says of the one that stays of several', async () => {
    const [a, b, c] = [await tag(), await tag(), await tag()]
    const [stays, goes] = [await customer([a]), await customer([b])]
    const merge = `mutation ($fields: JSON) { customersMerge(customerIds: ["${stays}", "${goes}"], customerFields: $fields) { tagIds } }`
    expect(await refusal(merge, { fields: { tagIds: [crypto.randomUUID()] } })).toMatchObject({
      code: 'BAD_USER_INPUT',
    })
    expect(await ask(merge, { fields: { tagIds: [c] } })).toEqual({ tagIds: [c] })
    const links = await api.context.db.sql
      .selectFrom('tagged')
      .select(['targetId', 'tagId'])
      .where('workspaceId', '=', api.workspace.id)
      .where('targetId', 'in', [stays, goes])
      .execute()
    expect(links).toEqual([{ targetId: stays, tagId: c }])
  })

  it('follows a customer that was merged into another one', async () => {
    const [stays, goes] = [await customer(), await customer()]
    await ask(`mutation { customersMerge(customerIds: ["${stays}", "${goes}"]) { _id } }`)
    const own = await tag()
    await tagAll('core:customer', [goes], [own])
    expect(await tagsOf('customer', stays)).toEqual([own])
  })

  it('of another workspace finds neither its tags nor its customers', async () => {
    const { id: workspaceId } = await createWorkspace(api.context, { subdomain: 'foreign', name: 'x' })
    const of = { workspaceId, ns: 'salla', source: { ns: 'salla' } }
    const { customerId } = await api.context.db.transaction((trx) =>
      applyCustomer(api.context, trx, { ...of, customer: { code: '1', tags: ['foreign'] } }),
    )
    const { sql } = api.context.db
    const theirs = await sql
      .selectFrom('tag')
      .select('id')
      .where('workspaceId', '=', workspaceId)
      .executeTakeFirstOrThrow()
    const type = 'core:customer'
    const own = await customer()
    expect(await refusal(TAG, { type, targetIds: [own], tagIds: [theirs.id] })).toMatchObject({
      code: 'BAD_USER_INPUT',
    })
    expect(await refusal(TAG, { type, targetIds: [customerId], tagIds: [] })).toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await ask(`{ customers(tag: "${theirs.id}") { data { _id } } }`)).toEqual({ data: [] })
    const links = await sql.selectFrom('tagged').selectAll().where('workspaceId', '=', workspaceId).execute()
    expect(links).toEqual([{ workspaceId, targetId: customerId, tagId: theirs.id, type }])
  })
})

describe('counts', () => {
  it('are of the tag itself, and of all below it, each thing once', async () => {
    const root = await tag('core:all')
    const child = await tag('core:all', root)
    const leaf = await tag('core:all', child)
    const [one, two, three] = [await customer([root]), await customer([child, leaf]), await product()]
    await tagAll('core:product', [three], [leaf])
    expect(await counts(root)).toEqual([1, 3])
    expect(await counts(child)).toEqual([1, 2])
    expect(await counts(leaf)).toEqual([2, 2])
    await ask(`mutation { customersRemove(customerIds: ["${two}"]) }`)
    expect(await counts(leaf)).toEqual([1, 1])
    await ask(`mutation { productsRemove(productIds: ["${three}"]) }`)
    expect(await counts(root)).toEqual([1, 1])
    expect(await tagsOf('customer', one)).toEqual([root])
  })

  it('of customers by tag agree with the list', async () => {
    const [a, b] = [await tag(), await tag()]
    const one = await customer([a, b])
    await customer([a])
    expect(
      (await ask(`{ customers(tag: "${a}") { pagination { totalCount } } }`)).pagination.totalCount,
    ).toBe(2)
    expect((await ask(`{ customers(tag: "${b}") { data { _id } } }`)).data).toEqual([{ _id: one }])
    expect(await ask('{ customers(tag: "vip") { data { _id } } }')).toEqual({ data: [] })
    const { byTag } = await ask('{ customerCounts(only: "byTag") }')
    expect([byTag[a], byTag[b]]).toEqual([2, 1])
    expect(await ask(`{ customerCounts(only: "byTag", tag: "${b}") }`)).toEqual({ byTag: { [a]: 1, [b]: 1 } })
  })
})

describe('a product', () => {
  const at = (ms: number) => new Date(api.clock.now + ms).toISOString()
  const of = { contentType: 'core:product', code: 'p-1' }

  it('keeps its tags whatever its app says, and whether it is gone for a while', async () => {
    const { recordId } = await event({
      ...of,
      operation: 'upsert',
      fields: { name: 'One', updatedAt: at(0) },
    })
    const own = await tag('core:product')
    await tagAll('core:product', [String(recordId)], [own])
    await event({ ...of, operation: 'upsert', fields: { name: 'Two', updatedAt: at(1_000) } })
    expect(await tagsOf('product', 'p-1')).toEqual([own])
    await event({ ...of, operation: 'delete', fields: { updatedAt: at(2_000) } })
    expect(await counts(own)).toEqual([0, 0])
    expect(await refusal(TAG, { type: 'core:product', targetIds: [recordId], tagIds: [] })).toMatchObject({
      code: 'NOT_FOUND',
    })
    await event({ ...of, operation: 'upsert', fields: { name: 'Three', updatedAt: at(3_000) } })
    expect(await tagsOf('product', 'p-1')).toEqual([own])
    expect(await counts(own)).toEqual([1, 1])
  })

  it('that is made anew by hand under the code of a removed one has none', async () => {
    const make = 'mutation { productsAdd(name: "Again", code: "again") { _id tagIds } }'
    const { _id } = await ask(make)
    await tagAll('core:product', [_id], [await tag('core:product')])
    await ask(`mutation { productsRemove(productIds: ["${_id}"]) }`)
    expect(await ask(make)).toEqual({ _id, tagIds: [] })
  })
})

describe('tags that apps name', () => {
  const named = async (name: string) => {
    const { data } = await ask(`{ tags(searchValue: "${name}") { data { _id name type parentId } } }`)
    return data.filter((one: Answer) => one.name === name)
  }

  it('are made once, and found by their names from then on', async () => {
    const first = await said({ code: 'n1', tags: [' wholesale ', 'Gold'] })
    await said({ code: 'n2', tags: 'Gold,  wholesale,' })
    const gold = await named('Gold')
    expect(gold).toEqual([{ _id: expect.any(String), name: 'Gold', type: 'core:customer', parentId: null }])
    expect(await named('wholesale')).toHaveLength(1)
    expect(await counts(gold[0]._id)).toEqual([2, 2])
    expect((await told(String(first.customerId))).at(-1)?.[1].tags.sort()).toEqual(['Gold', 'wholesale'])
  })

  it('are those of all types where there is none of customers', async () => {
    const { _id } = await ask('mutation { tagsAdd(name: "Everywhere", type: "core:all") { _id } }')
    const { customerId } = await said({ code: 'n3', tags: ['Everywhere'] })
    expect(await tagsOf('customer', String(customerId))).toEqual([_id])
    const own = await ask('mutation { tagsAdd(name: "Everywhere", type: "core:customer") { _id } }')
    const other = await said({ code: 'n4', tags: ['Everywhere'] })
    expect(await tagsOf('customer', String(other.customerId))).toEqual([own._id])
  })

  it('are still meant after a person has renamed or merged them', async () => {
    await said({ code: 'n5', tags: ['loyal', 'faithful'] })
    const [[loyal], [faithful]] = [await named('loyal'), await named('faithful')]
    await ask(`mutation { tagsEdit(_id: "${loyal._id}", name: "Stammkunde", type: "core:customer") { _id } }`)
    await ask(`mutation { tagsMerge(sourceId: "${faithful._id}", destId: "${loyal._id}") { _id } }`)
    const { customerId } = await said({ code: 'n6', tags: ['faithful'] })
    await said({ code: 'n5', tags: ['loyal'] })
    expect(await tagsOf('customer', String(customerId))).toEqual([loyal._id])
    expect(await tagsOf('customer', 'n5')).toEqual([loyal._id])
    expect(await named('loyal')).toEqual([])
    // Unless somebody makes another one with that name.
    const anew = await ask('mutation { tagsAdd(name: "loyal", type: "core:customer") { _id } }')
    const later = await said({ code: 'n7', tags: ['loyal'] })
    expect(await tagsOf('customer', String(later.customerId))).toEqual([anew._id])
  })

  it('come back after they were removed, where an app says something new', async () => {
    await said({ code: 'n8', tags: ['seasonal'] })
    const [seasonal] = await named('seasonal')
    await ask(`mutation { tagsRemove(_id: "${seasonal._id}") }`)
    expect(await tagsOf('customer', 'n8')).toEqual([])
    await said({ code: 'n8', tags: ['seasonal'] }, api.clock.now + 1)
    const [again] = await named('seasonal')
    expect(again._id).not.toBe(seasonal._id)
    expect(await tagsOf('customer', 'n8')).toEqual([again._id])
  })

  it('do not count against what a person said later', async () => {
    const saidAt = api.clock.now
    const { customerId } = await said({ code: 'n9', tags: ['early'] })
    const id = String(customerId)
    api.clock.now += 1_000
    const own = await tag()
    await tagAll('core:customer', [id], [own])
    await said({ code: 'n9', tags: ['early', 'late'] }, saidAt + 500)
    expect(await tagsOf('customer', id)).toEqual([own])
    await said({ code: 'n9', tags: ['newest'] }, api.clock.now + 1)
    expect(await tagsOf('customer', id)).toHaveLength(2)
  })
})

it('the export of customers and products has their tags, by id and by name', async () => {
  const [mine, wares] = [await tag(), await tag('core:product')]
  const [person, ware] = [await customer([mine]), await product()]
  await tagAll('core:product', [ware], [wares])
  const headers = { 'x-app-token': api.owner }
  for (const [what, id, tagId] of [
    ['customers', person, mine],
    ['products', ware, wares],
  ] as const) {
    const { name } = await ask(`{ tagDetail(_id: "${tagId}") { name } }`)
    const { body } = await api.inject({ url: `/export/${what}?format=ndjson`, headers })
    const rows = body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer)
    expect(rows.find((row) => row._id === id)).toMatchObject({ tagIds: [tagId], tags: [name] })
    const csv = await api.inject({ url: `/export/${what}?format=csv`, headers })
    expect(csv.body.split('\r\n')[0]).toContain('tags,tagIds')
    expect(csv.body).toContain(tagId)
  }
})
