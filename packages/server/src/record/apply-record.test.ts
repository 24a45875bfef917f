import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestRecords, type TestWorkspace, testRecords } from '../../test/records.ts'
import { type RecordEvent, RecordRefusedError } from './record-event.ts'

let records: TestRecords
let workspace: TestWorkspace

beforeAll(async () => {
  records = await testRecords()
})
afterAll(() => records.close())
beforeEach(async () => {
  workspace = await records.newWorkspace()
})

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute))

function order(operation: RecordEvent['operation'], minute: number | undefined, fields = {}): RecordEvent {
  const updatedAt = minute === undefined ? null : at(minute)
  return { contentType: 'ecommerce:orders', operation, code: 'o-1', fields, updatedAt }
}

describe('an order', () => {
  it('is stored with what lists need beside it, money in its exact text', async () => {
    const { effect } = await workspace.record('salla', {
      ...order('create', 1, {
        orderNumber: 1001,
        status: 'paid',
        totalAmount: '12345678901234567.10',
        placedAt: '2025-12-31T10:00:00Z',
        items: [{ code: 'i', unitPrice: '19.90' }],
      }),
      extra: { gift: true },
    })
    expect(effect).toBe('created')
    expect(await workspace.rows()).toMatchObject([
      {
        code: 'o-1',
        data: {
          code: 'o-1',
          orderNumber: 1001,
          totalAmount: '12345678901234567.10',
          items: [{ code: 'i', unitPrice: '19.90' }],
        },
        extra: { gift: true },
        status: 'paid',
        name: '1001',
        happenedAt: new Date('2025-12-31T10:00:00Z'),
        partial: false,
        version: 1,
      },
    ])
  })

  it('is one for create, update and upsert; another one for another app', async () => {
    await workspace.record('salla', order('create', 1, { status: 'new' }))
    expect(await workspace.record('salla', order('create', 2, { status: 'paid' }))).toMatchObject({
      effect: 'updated',
    })
    expect(await workspace.record('zid', order('upsert', 2, { status: 'paid' }))).toMatchObject({
      effect: 'created',
    })
    expect(await workspace.rows()).toMatchObject([
      { ns: 'salla', version: 2 },
      { ns: 'zid', version: 1 },
    ])
  })

  it('that is said again in the same words is not written', async () => {
    await workspace.record('salla', order('upsert', 1, { status: 'new' }))
    const [before] = await workspace.rows()
    records.clock.now += 1_000
    expect(await workspace.record('salla', order('upsert', 1, { status: 'new' }))).toMatchObject({
      effect: 'unchanged',
    })
    expect(await workspace.rows()).toEqual([before])
  })

  it('that is only newer keeps its version, and yet older events do not overwrite it', async () => {
    await workspace.record('salla', order('upsert', 1, { status: 'new' }))
    expect(await workspace.record('salla', order('upsert', 9, { status: 'new' }))).toMatchObject({
      effect: 'unchanged',
    })
    expect(await workspace.record('salla', order('update', 5, { status: 'old' }))).toMatchObject({
      effect: 'stale',
    })
    expect(await workspace.rows()).toMatchObject([{ version: 1, status: 'new', sourceUpdatedAt: at(9) }])
    expect(await workspace.told()).toHaveLength(1)
  })

  it('has the time of its field updatedAt, where the event brings no other', async () => {
    const said = (minute: number, status: string): RecordEvent => ({
      contentType: 'ecommerce:orders',
      operation: 'upsert',
      code: 'o-1',
      fields: { status, updatedAt: at(minute).toISOString() },
    })
    await workspace.record('salla', said(2, 'paid'))
    expect(await workspace.record('salla', said(1, 'new'))).toMatchObject({ effect: 'stale' })
  })

  it('that is updated before it was created is partial until then', async () => {
    await workspace.record('salla', order('update', 2, { status: 'paid' }))
    expect(await workspace.rows()).toMatchObject([{ partial: true }])
    await workspace.record('salla', order('create', 1, { status: 'new', note: 'x' }))
    expect(await workspace.rows()).toMatchObject([{ partial: false, data: { status: 'paid', note: 'x' } }])
  })

  it('that was deleted leaves a tombstone without its contents, which a newer event alone revives', async () => {
    await workspace.record('salla', {
      ...order('create', 1, { status: 'new', note: 'x' }),
      raw: '{"secret":1}',
    })
    expect(await workspace.record('salla', order('delete', 5))).toMatchObject({ effect: 'deleted' })
    expect(await workspace.record('salla', order('update', 4, { status: 'paid' }))).toMatchObject({
      effect: 'stale',
    })
    expect(await workspace.rows()).toMatchObject([{ deleted: true, data: {}, raw: null, status: null }])
    expect(await workspace.record('salla', order('upsert', 6, { status: 'back' }))).toMatchObject({
      effect: 'created',
    })
    expect(await workspace.rows()).toMatchObject([{ deleted: false, data: { status: 'back' } }])
  })

  it.each([
    ['none', ''],
    ['blanks', '  '],
    ['501 characters', 'x'.repeat(501)],
  ])('without a usable code is refused: %s', async (_what, code) => {
    const refused = workspace.record('salla', { ...order('create', 1), code })
    await expect(refused).rejects.toThrow(RecordRefusedError)
  })

  it('takes NUL and lone surrogates as U+FFFD', async () => {
    await workspace.record('salla', order('create', 1, { note: 'a\0b\ud800' }))
    expect(await workspace.rows()).toMatchObject([{ data: { note: 'a\uFFFDb\uFFFD' } }])
  })
})

it('a code takes them, too, and is found by it again', async () => {
  const events = ['a\ud800b\0', 'c'].map((code) => ({ ...order('upsert', 1, { status: 'new' }), code }))
  expect(await workspace.records('salla', events)).toMatchObject([
    { effect: 'created' },
    { effect: 'created' },
  ])
  expect(await workspace.records('salla', events)).toMatchObject([
    { effect: 'unchanged' },
    { effect: 'unchanged' },
  ])
  expect((await workspace.rows()).map(({ code }) => code).sort()).toEqual(['a\ufffdb\ufffd', 'c'])
})

describe('an order belongs to', () => {
  it('the customer that it names, else to the one of the event', async () => {
    const layla = await workspace.customer('salla', { code: '7' })
    const guest = await workspace.customer('salla', { primaryEmail: 'guest@example.com' })
    const event = { customerId: String(guest.customerId) }
    const named = await workspace.record('salla', { ...order('create', 1, { customerCode: 7 }), ...event })
    expect(named.customerId).toBe(layla.customerId)
    const unnamed = await workspace.record('salla', { ...order('create', 1), code: 'o-2', ...event })
    expect(unnamed.customerId).toBe(guest.customerId)
  })

  it('a customer that comes later', async () => {
    await workspace.record('salla', order('create', 1, { customerCode: '7' }))
    await workspace.record('zid', order('create', 1, { customerCode: '7' }))
    const { customerId } = await workspace.customer('salla', { code: '7' })
    expect(await workspace.rows()).toMatchObject([
      { ns: 'salla', customerId },
      { ns: 'zid', customerId: null },
    ])
  })

  it('its customer also where both are stored at the same moment', async () => {
    for (let round = 0; round < 10; round++) {
      const fresh = await records.newWorkspace()
      await Promise.all([
        fresh.record('salla', order('create', 1, { customerCode: '7' })),
        fresh.customer('salla', { code: '7' }),
      ])
      const [customer] = await fresh.customers()
      expect(await fresh.rows()).toMatchObject([{ customerId: customer?.id }])
    }
  })
})

describe('events of one record at once', () => {
  it('are all applied', async () => {
    for (let round = 0; round < 5; round++) {
      const fresh = await records.newWorkspace()
      const fields = ['a', 'b', 'c', 'd'].map((name, index) => order('upsert', index, { [name]: index }))
      await Promise.all(fields.map((one) => fresh.record('salla', one)))
      expect(await fresh.rows()).toMatchObject([{ data: { a: 0, b: 1, c: 2, d: 3 }, sourceUpdatedAt: at(3) }])
    }
  })

  it('are all applied in batches, too, and make one record each', async () => {
    const codes = ['a', 'b', 'c']
    const batches = [4, 1, 3, 2].map((minute) =>
      codes.map((code) => ({ ...order('upsert', minute, { status: `${minute}` }), code })),
    )
    const outcomes = await Promise.all(batches.map((batch) => workspace.records('salla', batch)))
    const made = outcomes.flat().filter(({ effect }) => effect === 'created')
    expect(new Set(made.map(({ recordId }) => recordId)).size).toBe(codes.length)
    expect(made).toHaveLength(codes.length)
    expect((await workspace.rows()).map(({ code, status }) => [code, status])).toEqual(
      codes.map((code) => [code, '4']),
    )
  })
})

describe('a batch', () => {
  it('writes only what changed, and applies events about one record in their order', async () => {
    const one = (code: string, minute: number, status: string): RecordEvent => ({
      ...order('upsert', minute, { status }),
      code,
    })
    await workspace.records('salla', [one('a', 1, 'new'), one('b', 1, 'new')])
    const outcomes = await workspace.records('salla', [
      one('a', 1, 'new'),
      one('b', 2, 'paid'),
      one('c', 1, 'new'),
      one('c', 2, 'paid'),
      one('c', 1, 'late'),
    ])
    expect(outcomes.map(({ effect }) => effect)).toEqual([
      'unchanged',
      'updated',
      'created',
      'updated',
      'stale',
    ])
    expect(await workspace.rows()).toMatchObject([
      { code: 'a', version: 1 },
      { code: 'b', version: 2, status: 'paid' },
      { code: 'c', version: 1, status: 'paid' },
    ])
  })

  it('tells the workspace of what changed, unless it is asked not to', async () => {
    await workspace.records('salla', [order('create', 1, { status: 'new' })], { emit: false })
    expect(await workspace.told()).toEqual([])
    const cart = { ...order('create', 1, { totalAmount: '10.00' }), contentType: 'ecommerce:abandonedCarts' }
    await workspace.records('salla', [order('update', 2, { status: 'paid' }), cart, order('delete', 3)])
    expect(await workspace.told()).toMatchObject([
      { type: 'ecommerce:abandonedCart', action: 'create', data: { object: { totalAmount: '10.00' } } },
    ])
  })

  it('larger than one statement takes is written whole', async () => {
    const many = Array.from({ length: 2_500 }, (_, index) => ({
      ...order('upsert', 1, { status: 'new' }),
      code: `o-${index}`,
    }))
    const outcomes = await workspace.records('salla', many, { emit: false })
    expect(outcomes.filter(({ effect }) => effect === 'created')).toHaveLength(2_500)
    const again = await workspace.records('salla', many, { emit: false })
    expect(again.filter(({ effect }) => effect === 'unchanged')).toHaveLength(2_500)
  })
})

describe('a record of a customer', () => {
  const layla = (operation: RecordEvent['operation'], minute: number, fields = {}): RecordEvent => ({
    contentType: 'core:customer',
    operation,
    code: '7',
    fields,
    updatedAt: at(minute),
  })

  it('changes the profile, and older events do not', async () => {
    await workspace.record('salla', layla('create', 1, { firstName: 'Layla', primaryEmail: 'l@example.com' }))
    await workspace.record('salla', layla('update', 3, { firstName: 'Laila' }))
    await workspace.record('salla', layla('update', 2, { firstName: 'Leyla', lastName: 'Harbi' }))
    const [customer] = await workspace.customers()
    expect(customer).toMatchObject({ firstName: 'Laila', lastName: 'Harbi', externalCodes: { salla: '7' } })
    expect(await workspace.rows()).toMatchObject([{ customerId: customer?.id }])
  })

  it('that is deleted takes the customer with it, unless somebody else knows them', async () => {
    await workspace.record('salla', layla('create', 1, { primaryEmail: 'l@example.com' }))
    await workspace.record('salla', layla('delete', 2))
    expect(await workspace.customers()).toEqual([])
    await workspace.record('salla', layla('create', 3, { primaryEmail: 'l@example.com' }))
    await workspace.customer('zid', { code: 'z', primaryEmail: 'l@example.com' })
    await workspace.record('salla', layla('delete', 4))
    expect(await workspace.customers()).toMatchObject([{ externalCodes: { zid: 'z' } }])
    expect((await workspace.told()).map(({ action }) => action)).toEqual([
      'create',
      'delete',
      'create',
      'update',
      'update',
    ])
  })
})

describe('events with times', () => {
  it('end in the same row in every order, in batches and one by one', async () => {
    const events = fc.uniqueArray(
      fc.record({
        minute: fc.integer({ min: 1, max: 20 }),
        operation: fc.constantFrom('create', 'update', 'upsert', 'delete' as const),
        fields: fc.dictionary(fc.constantFrom('status', 'note'), fc.constantFrom(null, 'x', 'y')),
      }),
      { selector: ({ minute }) => minute, minLength: 2, maxLength: 5 },
    )
    const shuffled = events.chain((list) =>
      fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
    )
    await fc.assert(
      fc.asyncProperty(shuffled, async (list) => {
        const fresh = await records.newWorkspace()
        const said = list.map(({ operation, minute, fields }) => order(operation, minute, fields))
        const inOrder = said.toSorted((one, other) => Number(one.updatedAt) - Number(other.updatedAt))
        for (const one of said) await fresh.record('arrived', one)
        await fresh.records('batch', said)
        for (const one of inOrder) await fresh.record('ordered', one)
        const [arrived, batch, ordered] = (await fresh.rows())
          .toSorted((one, other) => (one.ns < other.ns ? -1 : 1))
          .map(({ id, ns, source, version, createdAt, updatedAt, happenedAt, contentHash, ...row }) => row)
        expect(arrived).toEqual(ordered)
        expect(batch).toEqual(ordered)
      }),
      { numRuns: 40 },
    )
  })
})
