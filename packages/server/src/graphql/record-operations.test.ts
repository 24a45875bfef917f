import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { createWorkspace } from '../account/create-workspace.ts'
import { applyCustomers } from '../record/apply-customer.ts'
import { applyRecords } from '../record/apply-record.ts'
import type { RecordEvent } from '../record/record-event.ts'

let api: TestApi
let otherId: string

const order = (index: number): RecordEvent => ({
  contentType: 'ecommerce:orders',
  operation: 'create',
  code: `o-${index}`,
  fields: {
    orderNumber: `${1000 + index}`,
    status: index % 2 === 0 ? 'paid' : 'new',
    totalAmount: '12345678901234567.10',
    customerCode: String(index % 5),
    // Two at each moment, so that the order of a page needs the id.
    placedAt: new Date(Date.UTC(2026, 0, 1 + Math.floor(index / 2))).toISOString(),
  },
})

const PRODUCTS: RecordEvent[] = [
  {
    contentType: 'core:category',
    operation: 'create',
    code: 'c',
    fields: { name: 'Bücher' },
  },
  ...Array.from({ length: 20 }, (_, index): RecordEvent => {
    const fields = { name: `Buch ${index}`, unitPrice: '19.90', categoryCode: 'c', sku: `B-${index}` }
    return { contentType: 'core:product', operation: 'create', code: `p-${index}`, fields }
  }),
]

async function fill(workspaceId: string): Promise<void> {
  const of = { workspaceId, ns: 'salla', source: { ns: 'salla' } }
  const names = ['أحمد الطّيب', 'Élodie Martin', 'John Smith', 'Ali', 'Zoe']
  const customers = names.map((firstName, index) => ({
    code: String(index),
    firstName,
    primaryEmail: `c${index}@example.com`,
    primaryPhone: `+96650123456${index}`,
    birthDate: '1990-02-28',
  }))
  await api.context.db.transaction(async (trx) => {
    await applyCustomers(api.context, trx, { ...of, customers })
    const orders = Array.from({ length: 21 }, (_, index) => order(index))
    await applyRecords(api.context, trx, { ...of, records: [...orders, ...PRODUCTS] })
  })
}

beforeAll(async () => {
  api = await testApi({ SAAS_API_URL: 'http://localhost:4000' })
  await fill(api.workspace.id)
  const other = await createWorkspace(api.context, { subdomain: 'other', name: 'Other' })
  otherId = other.id
  await fill(otherId)
})
afterAll(() => api.close())

describe('customers', () => {
  it.each([
    ['احمد', ['أحمد الطّيب']],
    ['elodie mar', ['Élodie Martin']],
    ['0501234562', ['John Smith']],
    ['+966501234562', ['John Smith']],
    ['c3@example', ['Ali']],
    ['nobody', []],
    ["'; drop", []],
    ['…', ['Zoe', 'Ali', 'John Smith', 'Élodie Martin', 'أحمد الطّيب']],
  ])('are found by the beginnings of words: %s', async (searchValue, names) => {
    const { data, errors } = await api.call(
      'query ($searchValue: String) { customers(searchValue: $searchValue) { data { firstName } } }',
      { variables: { searchValue } },
    )
    expect(errors).toEqual([])
    expect(data.customers.data.map(({ firstName }: { firstName: string }) => firstName).sort()).toEqual(
      [...names].sort(),
    )
  })

  it('have their published fields, and are found by a code', async () => {
    const { data } = await api.call(
      '{ customerDetail(_id: "2") { _id firstName email primaryPhone birthDate code externalCodes state tags } }',
    )
    expect(data.customerDetail).toMatchObject({
      firstName: 'John Smith',
      email: 'c2@example.com',
      primaryPhone: '+966501234562',
      birthDate: '1990-02-28T00:00:00.000Z',
      code: '2',
      externalCodes: { salla: '2' },
      state: 'customer',
      tags: [],
    })
    const byId = await api.call(`{ customerDetail(_id: "${data.customerDetail._id}") { firstName } }`)
    expect(byId.data.customerDetail.firstName).toBe('John Smith')
  })

  it('of another workspace do not exist', async () => {
    const foreign = await api.context.db.sql
      .selectFrom('customer')
      .select('id')
      .where('workspaceId', '=', otherId)
      .executeTakeFirstOrThrow()
    const { errors } = await api.call(`{ customerDetail(_id: "${foreign.id}") { _id } }`)
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
    const { data } = await api.call('{ customers { pagination { totalCount } } }')
    expect(data.customers.pagination.totalCount).toBe(5)
  })
})

describe('orders', () => {
  it('page without gaps or repetitions, newest first', async () => {
    const seen: { code: string; placedAt: string }[] = []
    let after: string | null = null
    do {
      const { data } = await api.call(
        'query ($after: String) { orders(first: 4, after: $after) { data { code placedAt } pagination { endCursor hasNextPage } } }',
        { variables: { after } },
      )
      seen.push(...data.orders.data)
      after = data.orders.pagination.hasNextPage ? data.orders.pagination.endCursor : null
    } while (after !== null)
    expect(new Set(seen.map(({ code }) => code)).size).toBe(21)
    expect(seen).toHaveLength(21)
    expect(seen.map(({ placedAt }) => placedAt)).toEqual(
      seen
        .map(({ placedAt }) => placedAt)
        .sort()
        .reverse(),
    )
  })

  it('answer money in its exact text', async () => {
    const { data } = await api.call('{ orderDetail(_id: "o-0") { orderNumber totalAmount } }')
    expect(data.orderDetail).toEqual({ orderNumber: '1000', totalAmount: '12345678901234567.10' })
  })

  it.each([
    ['status: "paid"', 11],
    ['searchValue: "1003"', 1],
    ['ns: "zid"', 0],
    ['from: "2026-01-10"', 3],
    ['until: "2026-01-02"', 2],
    ['codes: ["o-1", "o-2"]', 2],
  ])('are narrowed by %s', async (args, expected) => {
    const { data } = await api.call(`{ orders(${args}) { pagination { totalCount } } }`)
    expect(data.orders.pagination.totalCount).toBe(expected)
  })

  it('of one customer are found by its id', async () => {
    const { data } = await api.call('{ customerDetail(_id: "1") { _id } }')
    const { _id } = data.customerDetail
    const listed = await api.call(`{ orders(customerId: "${_id}") { data { customer { _id firstName } } } }`)
    expect(listed.data.orders.data).toHaveLength(4)
    expect(listed.data.orders.data[0].customer).toEqual({ _id, firstName: 'Élodie Martin' })
  })

  it('hide their customers from who may not see customers', async () => {
    const token = await api.tokenWith('showOrders')
    const { data } = await api.call('{ orderDetail(_id: "o-0") { customer { _id } } }', { token })
    expect(data.orderDetail.customer).toBeNull()
  })
})

describe('products', () => {
  it('answer 10b’s Float fields as numbers, and their category', async () => {
    const { data } = await api.call(
      '{ products(searchValue: "buch 7") { data { unitPrice unitPriceText category { name } } } }',
    )
    expect(data.products.data).toEqual([
      { unitPrice: 19.9, unitPriceText: '19.90', category: { name: 'Bücher' } },
    ])
  })
})

describe('an order that the caller chooses', () => {
  async function pages(list: string, args: string, field: string): Promise<string[]> {
    const seen: string[] = []
    let after: string | null = null
    do {
      const { data, errors } = await api.call(
        `query ($after: String) { ${list}(first: 3, after: $after, ${args}) { data { ${field} } pagination { endCursor hasNextPage } } }`,
        { variables: { after } },
      )
      expect(errors).toEqual([])
      seen.push(...data[list].data.map((item: Record<string, string>) => item[field]))
      after = data[list].pagination.hasNextPage ? data[list].pagination.endCursor : null
    } while (after !== null)
    return seen
  }

  it.each([
    ['customers', 'sortField: "primaryEmail"', 'email', 5],
    ['customers', 'sortField: "modifiedAt", sortDirection: desc', 'code', 5],
    ['orders', 'sortField: "orderNumber"', 'orderNumber', 21],
    ['orders', 'sortField: "status", sortDirection: desc', 'code', 21],
    ['products', 'ns: "salla"', 'code', 20],
  ])('pages without gaps or repetitions: %s by %s', async (list, args, field, count) => {
    const seen = await pages(list, args, field)
    expect(new Set(seen).size).toBe(count)
    expect(seen).toHaveLength(count)
    if (field !== 'code' || list === 'products') expect(seen).toEqual([...seen].sort())
  })

  it('goes both ways', async () => {
    const up = await pages('customers', 'sortField: "primaryEmail"', 'email')
    expect(await pages('customers', 'sortField: "primaryEmail", sortDirection: desc', 'email')).toEqual(
      up.reverse(),
    )
  })

  it.each([
    ['customers(sortField: "toString")', 'sortField must be one of createdAt'],
    ['orders(sortField: "placedAt", sortDirection: desc, after: "CURSOR")', 'endCursor of an earlier page'],
    [`orders(after: "${btoa(JSON.stringify(['orders', 'text', crypto.randomUUID()]))}")`, 'endCursor'],
    [
      `products(after: "${btoa(JSON.stringify(['products', '\u0000', crypto.randomUUID()]))}")`,
      'endCursor of an earlier',
    ],
  ])('is refused where it is none, and so is the cursor of another one: %s', async (call, message) => {
    const { data } = await api.call('{ orders(first: 1) { pagination { endCursor } } }')
    const document = `{ ${call.replace('CURSOR', data.orders.pagination.endCursor)} { data { _id } } }`
    expect((await api.call(document)).errors).toMatchObject([
      { message: expect.stringContaining(message), extensions: { code: 'BAD_USER_INPUT' } },
    ])
  })
})

describe('customerCounts', () => {
  it('counts in groups, narrowed like the list', async () => {
    const { data, errors } = await api.call(
      '{ all: customerCounts one: customerCounts(only: "byState", searchValue: "elodie") }',
    )
    expect(errors).toEqual([])
    expect(data.all).toEqual({
      byState: { customer: 5 },
      byTag: {},
      byLeadStatus: {},
      byIntegrationType: { salla: 5 },
      bySegment: {},
      byWorkspace: {},
      byForm: {},
    })
    expect(data.one).toEqual({ byState: { customer: 1 } })
    const { _id } = (await api.call('{ customerDetail(_id: "0") { _id } }')).data.customerDetail
    const made = await api.call('mutation { tagsAdd(name: "vip", type: "core:customer") { _id } }')
    const vip = made.data.tagsAdd._id
    await api.call(`mutation { customersEdit(_id: "${_id}", tagIds: ["${vip}"], leadStatus: "won") { _id } }`)
    const tagged = await api.call('{ customerCounts customers(leadStatus: "won") { data { _id } } }')
    expect(tagged.data.customerCounts).toMatchObject({ byTag: { [vip]: 1 }, byLeadStatus: { won: 1 } })
    expect(tagged.data.customers.data).toEqual([{ _id }])
    const others = await api.call(
      `{ customers(ids: ["${_id}"], excludeIds: true) { pagination { totalCount } } }`,
    )
    expect(others.data.customers.pagination.totalCount).toBe(4)
  })

  it('of what there is not is refused', async () => {
    expect((await api.call('{ customerCounts(only: "byMood") }')).errors).toMatchObject([
      { message: expect.stringContaining('only must be one of byState') },
    ])
  })
})

describe('a list costs the same statements for twenty items as for one', () => {
  beforeAll(async () => {
    const tag = await api.call('mutation { tagsAdd(name: "counted", type: "core:customer") { _id } }')
    const { data } = await api.call('{ customers { data { _id } } }')
    const variables = {
      tagIds: [tag.data.tagsAdd._id],
      targetIds: data.customers.data.map(({ _id }: { _id: string }) => _id),
    }
    await api.call(
      'mutation ($targetIds: [String!]!, $tagIds: [String!]!) { tagsTag(type: "core:customer", targetIds: $targetIds, tagIds: $tagIds) }',
      { variables },
    )
  })

  it.each([
    // Workspace and token of the caller, then the list, its count and what its items name.
    ['{ orders(first: ROWS) { data { customer { firstName } } pagination { totalCount } } }', 5],
    ['{ products(first: ROWS) { data { category { name } } } }', 4],
    ['{ customers(first: ROWS) { data { _id } } }', 3],
    // What they carry, and what that is.
    ['{ customers(first: ROWS) { data { _id tagIds tags getTags { name } } } }', 5],
  ])('%s', async (query, expected) => {
    const counts: number[] = []
    for (const rows of ['1', '1', '20']) {
      const before = api.statements.length
      expect((await api.call(query.replace('ROWS', rows))).errors).toEqual([])
      counts.push(api.statements.length - before)
    }
    // The first call also notes the use of the token.
    expect(counts.slice(1)).toEqual([expected, expected])
  })
})
