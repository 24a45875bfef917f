import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { applyRecord } from '../record/apply-record.ts'
import { MAX_STATUS_CHARACTERS } from '../record/change-order-status.ts'
import { MAX_REMOVED_RECORDS } from '../record/edit-record.ts'
import type { RecordEvent } from '../record/record-event.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

async function ask(document: string) {
  const { data, errors } = await api.call(document)
  expect(errors).toEqual([])
  return Object.values(data)[0] as Record<string, unknown> & { data: Record<string, unknown>[] }
}

async function refusal(document: string) {
  const { errors } = await api.call(document)
  expect(errors).toHaveLength(1)
  return errors[0]
}

/** What an app says; `at` in milliseconds from now. */
function said(
  event: Pick<RecordEvent, 'contentType' | 'code' | 'fields'> & { at: number; operation?: 'delete' },
) {
  const { at, operation = 'upsert', ...record } = event
  const of = { workspaceId: api.workspace.id, ns: 'salla', source: { ns: 'salla' } }
  const updatedAt = new Date(api.clock.now + at)
  return api.context.db.transaction((trx) =>
    applyRecord(api.context, trx, { ...of, record: { ...record, operation, updatedAt } }),
  )
}

const product = (code: string) =>
  api
    .call(`{ productDetail(_id: "${code}") { _id name status unitPrice unitPriceText source categoryCode } }`)
    .then(({ data }) => data.productDetail)

describe('productsAdd', () => {
  it('keeps what is said, in the published fields, with the published defaults', async () => {
    const fields = `code name status slug unlimitedQuantity isAvailable unitPrice unitPriceText salePrice externalUrl source
      barcodes saleStart hasVariants productVariants { id unitPrice optionValues { value } image { url } }
      productOptions { name values { value isDefault } } seo { title keywords } attachment { url size } inventory { quantity tracked }`
    const made = await ask(`mutation { productsAdd(
      name: "Büch  1", unitPrice: 19.9, salePrice: 0, barcodes: ["1", "2"], externalUrl: "https://shop.example/1", saleStart: "2026-01-01",
      productVariants: [{ id: "v", unitPrice: "2.50", optionValues: [{ value: "red" }], image: { url: "https://i.example/v" } }, "junk"],
      productOptions: [{ name: "Colour", values: [{ value: "red", isDefault: true }] }], seo: { title: "t", keywords: ["k", 1] },
      attachment: { url: "https://i.example/a", name: "a", size: 3 }, inventory: { quantity: 4, tracked: "yes" }
    ) { ${fields} } }`)
    expect(made).toEqual({
      code: expect.stringMatching(/^[2-9A-HJ-NP-Z]{10}$/),
      name: 'Büch  1',
      status: 'active',
      slug: 'büch-1',
      unlimitedQuantity: false,
      isAvailable: true,
      unitPrice: 19.9,
      unitPriceText: '19.9',
      salePrice: 0,
      externalUrl: 'https://shop.example/1',
      source: null,
      barcodes: ['1', '2'],
      saleStart: '2026-01-01T00:00:00.000Z',
      hasVariants: true,
      productVariants: [
        { id: 'v', unitPrice: 2.5, optionValues: [{ value: 'red' }], image: { url: 'https://i.example/v' } },
      ],
      productOptions: [{ name: 'Colour', values: [{ value: 'red', isDefault: true }] }],
      seo: { title: 't', keywords: ['k'] },
      attachment: { url: 'https://i.example/a', size: 3 },
      inventory: { quantity: 4, tracked: null },
    })
  })

  it.each([
    ['code: "x"', 'name is missing'],
    ['name: " "', 'name is missing'],
    ['name: "x", unitPrice: 1e16', 'unitPrice must be an amount'],
    ['name: "x", categoryId: "none"', 'There is no category "none"'],
    ['name: "twice", code: "taken"', 'There is a product with the code "taken" already'],
  ])('refuses %s', async (args, message) => {
    if (args.includes('taken')) await ask('mutation { productsAdd(name: "once", code: "taken") { _id } }')
    expect(await refusal(`mutation { productsAdd(${args}) { _id } }`)).toMatchObject({
      message: expect.stringContaining(message),
    })
  })
})

describe('productsEdit', () => {
  it('stands against what the app said before, whenever that arrives, and not against what it says later', async () => {
    const of = { contentType: 'core:product', code: 'p1' }
    await said({ ...of, at: -2_000, fields: { name: 'App', unitPrice: '1.00', status: 'active' } })
    const edited = await ask(
      'mutation { productsEdit(_id: "p1", name: "Hand", unitPrice: null) { name unitPrice status source } }',
    )
    expect(edited).toEqual({ name: 'Hand', unitPrice: null, status: 'active', source: 'salla' })
    await said({ ...of, at: -1_000, fields: { name: 'Late', unitPrice: '2.00', status: 'hidden' } })
    expect(await product('p1')).toMatchObject({ name: 'Hand', unitPriceText: null, status: 'hidden' })
    await said({ ...of, at: 1_000, fields: { name: 'Newest' } })
    expect(await product('p1')).toMatchObject({ name: 'Newest', unitPriceText: null })
  })

  it('is the newest word even where the clock of the shop is ahead', async () => {
    await said({ contentType: 'core:product', code: 'p2', at: 60_000, fields: { name: 'App' } })
    await ask('mutation { productsEdit(_id: "p2", name: "Hand") { _id } }')
    expect(await product('p2')).toMatchObject({ name: 'Hand' })
    await ask(`mutation { productsRemove(productIds: ["${(await product('p2'))._id}"]) }`)
    expect(await product('p2')).toBeNull()
  })

  it('leaves the code as it is, and the category to those of the same origin', async () => {
    await said({ contentType: 'core:product', code: 'p3', at: 0, fields: { name: 'App' } })
    await said({ contentType: 'core:category', code: 'cat', at: 0, fields: { name: 'Cat' } })
    await ask('mutation { productCategoriesAdd(name: "Own", code: "own") { _id } }')
    expect(await refusal('mutation { productsEdit(_id: "p3", code: "x") { _id } }')).toMatchObject({
      message: expect.stringContaining('stays "p3"'),
    })
    expect(await refusal('mutation { productsEdit(_id: "p3", categoryId: "own") { _id } }')).toMatchObject({
      message: expect.stringContaining('was made by hand, the product comes from the app salla'),
    })
    const edited = await ask('mutation { productsEdit(_id: "p3", categoryId: "cat") { category { name } } }')
    expect(edited).toEqual({ category: { name: 'Cat' } })
  })
})

describe('productsRemove', () => {
  it('hides products from older events, and from newer ones no more', async () => {
    const of = { contentType: 'core:product', code: 'p4' }
    await said({ ...of, at: -1_000, fields: { name: 'App' } })
    const { _id } = await product('p4')
    expect(await ask(`mutation { productsRemove(productIds: ["${_id}", "none"]) }`)).toBe('1 removed')
    await said({ ...of, at: -500, fields: { name: 'Late' } })
    expect(await product('p4')).toBeNull()
    await said({ ...of, at: 500, fields: { name: 'Back' } })
    expect(await product('p4')).toMatchObject({ name: 'Back' })
  })

  it(`takes ${MAX_REMOVED_RECORDS} ids and no more`, async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `"${index}"`).join()
    const call = (count: number) => `mutation { productsRemove(productIds: [${ids(count)}]) }`
    expect(await ask(call(MAX_REMOVED_RECORDS))).toBe('0 removed')
    expect(await refusal(call(MAX_REMOVED_RECORDS + 1))).toMatchObject({
      message: expect.stringContaining('At most 500'),
    })
    expect(await refusal('mutation { productsRemove(productIds: []) }')).toMatchObject({
      message: expect.stringContaining('productIds is empty'),
    })
  })
})

describe('categories', () => {
  it('are made below others, listed by tree, and hidden where disabled', async () => {
    const add = (args: string) => ask(`mutation { productCategoriesAdd(${args}) { _id code isRoot slug } }`)
    const top = await add('name: "Top", code: "t"')
    expect(top).toMatchObject({ isRoot: true, slug: 'top' })
    expect(await add('name: "Mid", code: "m", parentId: "t"')).toMatchObject({ isRoot: false })
    await add('name: "Low", code: "l", parentId: "m"')
    await add('name: "Off", code: "off", parentId: "t", status: "disabled"')
    const codes = async (args: string) =>
      (await ask(`{ productCategories(${args}) { data { code } } }`)).data.map(({ code }) => code).sort()
    expect(await codes('parentId: "t"')).toEqual(['m'])
    expect(await codes('parentId: "t", withChild: true')).toEqual(['l', 'm', 't'])
    expect(await codes('parentId: "t", status: "disabled"')).toEqual(['off'])
    await ask('mutation { productsAdd(name: "In low", code: "low-1", categoryId: "l") { _id } }')
    const found = await ask('{ products(categoryId: "t") { data { code } } }')
    expect(found.data).toEqual([{ code: 'low-1' }])
    // A ring of parents ends.
    await ask('mutation { productCategoriesEdit(_id: "t", name: "Top", code: "t", parentId: "l") { _id } }')
    expect(await codes('parentId: "t", withChild: true')).toEqual(['l', 'm', 't'])
    await ask('mutation { productCategoriesRemove(_id: "l") }')
    expect(await product('low-1')).toMatchObject({ categoryCode: 'l' })
  })
})

describe('ordersChangeStatus', () => {
  it('changes the status until the shop says something newer, and tells of it', async () => {
    const of = { contentType: 'ecommerce:orders', code: 'o1' }
    await said({ ...of, at: -2_000, fields: { status: 'new', totalAmount: '1.00' } })
    const { _id } = await ask(
      'mutation { ordersChangeStatus(_id: "o1", status: " shipped ") { _id status } }',
    )
    const told = await api.context.db.sql
      .selectFrom('outbox')
      .select(['action', 'data'])
      .where('workspaceId', '=', api.workspace.id)
      .where('type', '=', 'ecommerce:order')
      .where('action', '=', 'update')
      .execute()
    expect(told).toMatchObject([{ data: { object: { _id, status: 'shipped' } } }])
    const status = async () => (await ask('{ orderDetail(_id: "o1") { status } }'))['status']
    await said({ ...of, at: -1_000, fields: { status: 'paid' } })
    expect(await status()).toBe('shipped')
    await said({ ...of, at: 1_000, fields: { status: 'delivered' } })
    expect(await status()).toBe('delivered')
  })

  it(`takes 1 to ${MAX_STATUS_CHARACTERS} characters`, async () => {
    const call = (status: string) =>
      `mutation { ordersChangeStatus(_id: "o1", status: "${status}") { status } }`
    await ask(call('x'.repeat(MAX_STATUS_CHARACTERS)))
    for (const status of [' ', 'x'.repeat(MAX_STATUS_CHARACTERS + 1)]) {
      expect(await refusal(call(status))).toMatchObject({ message: expect.stringContaining('1 to 100') })
    }
  })
})
