import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestRecords, type TestWorkspace, testRecords } from '../../test/records.ts'
import { applyCustomer, applyCustomers, saveProfiles } from './apply-customer.ts'
import { holdCustomers, lookAtCustomers } from './store.ts'

let records: TestRecords
let workspace: TestWorkspace

beforeAll(async () => {
  records = await testRecords()
})
afterAll(() => records.close())
beforeEach(async () => {
  workspace = await records.newWorkspace()
})

const LAYLA = {
  code: 7,
  firstName: ' Layla ',
  primaryEmail: 'Layla@Example.com',
  primaryPhone: '00966 50 123 4567',
}

// The embedded database has one connection: its transactions never meet.
describe.runIf(process.env.TEST_DATABASE_URL)('batches at once', () => {
  it('do not wait for each other where they say nothing new of the same customers', async () => {
    const { workspaceId } = workspace
    const source = { ns: 'salla', event: 'test' }
    const customers = [LAYLA, { code: 8, firstName: 'Ada' }]
    const apply = (trx: Parameters<typeof applyCustomers>[1]) =>
      applyCustomers(records.context, trx, { workspaceId, ns: 'salla', source, customers })
    await workspace.transaction(apply)
    const applied = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const first = workspace.transaction(async (trx) => {
      await apply(trx)
      applied.resolve()
      await release.promise
    })
    await applied.promise
    const outcomes = await workspace.transaction(apply)
    release.resolve()
    await first
    expect(outcomes.map(({ effect }) => effect)).toEqual(['unchanged', 'unchanged'])
  })
})

it('customers that were looked at are held as long as nothing of them has changed', async () => {
  const { workspaceId } = workspace
  await workspace.customer('salla', LAYLA)
  await workspace.customer('salla', { code: 8, firstName: 'Ada' })
  const ids = (await workspace.customers()).map(({ id }) => id)
  const held = await workspace.transaction(async (trx) => {
    const looked = await lookAtCustomers(trx, workspaceId, ids)
    const asTheyWere = await holdCustomers(trx, workspaceId, looked)
    const [first] = looked
    const saidByHand = { ...(first as (typeof looked)[number]), fieldTimes: { firstName: 1 } }
    await saveProfiles(trx, workspaceId, [{ effect: 'unchanged', profile: saidByHand, tagsBefore: [] }])
    return [looked.length, asTheyWere, await holdCustomers(trx, workspaceId, looked)]
  })
  expect(held).toEqual([2, true, false])
})

describe('a customer that nobody knows', () => {
  it('is made, with its values normalised', async () => {
    expect(await workspace.customer('salla', LAYLA)).toMatchObject({ effect: 'created', conflicts: [] })
    expect(await workspace.customers()).toMatchObject([
      {
        state: 'customer',
        firstName: 'Layla',
        primaryEmail: 'layla@example.com',
        primaryPhone: '+966501234567',
        externalCodes: { salla: '7' },
        source: { ns: 'salla', event: 'test' },
        version: 1,
      },
    ])
  })

  it('is not made without code, e-mail and phone, nor with texts that are neither', async () => {
    const nobody = { effect: 'none', customerId: undefined }
    expect(await workspace.customer('salla', { firstName: 'Layla', code: ' ' })).toMatchObject(nobody)
    expect(
      await workspace.customer('salla', { primaryEmail: 'n/a', primaryPhone: 'unknown', code: null }),
    ).toMatchObject(nobody)
    expect(await workspace.customers()).toEqual([])
  })

  it('keeps the other fields: numbers, dates without a zone, tags', async () => {
    await workspace.customer('salla', {
      code: 'a',
      sex: '1',
      birthDate: '1990-02-28T00:00:00+03:00',
      position: 'Owner',
      tags: ['vip', 'vip', ' new '],
      state: 'lead',
    })
    expect(await workspace.customers()).toMatchObject([
      {
        state: 'lead',
        data: { sex: 1, birthDate: '1990-02-28', position: 'Owner' },
        tags: ['new', 'vip'],
      },
    ])
  })
})

describe('a known customer', () => {
  it.each([
    ['its code of this app', 'salla', { code: '7' }],
    ['its e-mail, of another app too', 'zid', { code: 'z-1', primaryEmail: 'LAYLA@example.com' }],
    ['its phone', 'zid', { primaryPhone: '+966 50 123 4567' }],
  ])('is found by %s', async (_by, ns, said) => {
    const { customerId } = await workspace.customer('salla', LAYLA)
    expect(await workspace.customer(ns, said)).toMatchObject({ customerId })
    expect(await workspace.customers()).toHaveLength(1)
  })

  it('of one app has another code at another app, and is found by both', async () => {
    await workspace.customer('salla', LAYLA)
    await workspace.customer('zid', { code: '7', primaryEmail: 'other@example.com' })
    expect(await workspace.customers()).toHaveLength(2)
    await workspace.customer('zid', { code: '9', primaryEmail: LAYLA.primaryEmail })
    expect((await workspace.customers())[0]).toMatchObject({ externalCodes: { salla: '7', zid: '9' } })
  })

  it('takes over what is said and loses nothing to what is empty', async () => {
    await workspace.customer('salla', { ...LAYLA, tags: ['a'] })
    const effect = await workspace.customer('salla', {
      code: '7',
      firstName: '',
      lastName: 'Harbi',
      primaryEmail: null,
      tags: ['b'],
    })
    expect(effect).toMatchObject({ effect: 'updated' })
    expect(await workspace.customers()).toMatchObject([
      {
        firstName: 'Layla',
        lastName: 'Harbi',
        primaryEmail: 'layla@example.com',
        tags: ['a', 'b'],
        version: 2,
      },
    ])
  })

  it('of whom nothing new is said is left as it is', async () => {
    await workspace.customer('salla', LAYLA)
    expect(await workspace.customer('salla', LAYLA)).toMatchObject({ effect: 'unchanged' })
    expect(await workspace.customers()).toMatchObject([{ version: 1 }])
    expect(await workspace.told()).toHaveLength(1)
  })

  it('is found by the new address after a change, and the old one is free', async () => {
    const { customerId } = await workspace.customer('salla', LAYLA)
    await workspace.customer('salla', { code: '7', primaryEmail: 'new@example.com' })
    expect(await workspace.customer('zid', { primaryEmail: 'new@example.com' })).toMatchObject({ customerId })
    expect(await workspace.customer('zid', { primaryEmail: LAYLA.primaryEmail })).toMatchObject({
      effect: 'created',
    })
  })
})

describe('where code and e-mail lead to different customers', () => {
  it('the code wins, nothing is merged, and the address stays with the other one', async () => {
    const other = await workspace.customer('zid', { code: 'z', primaryEmail: 'shared@example.com' })
    const { customerId } = await workspace.customer('salla', { code: '7', firstName: 'Layla' })
    const outcome = await workspace.customer('salla', {
      code: '7',
      lastName: 'Harbi',
      primaryEmail: 'shared@example.com',
    })
    expect(outcome).toEqual({
      effect: 'updated',
      customerId,
      conflicts: [{ kind: 'email', value: 'shared@example.com', ns: '' }],
    })
    expect(await workspace.customers()).toMatchObject([
      { id: other.customerId, primaryEmail: 'shared@example.com', lastName: null },
      { id: customerId, primaryEmail: null, lastName: 'Harbi' },
    ])
  })
})

describe('events of the same new customer at once', () => {
  it('make one, whatever they know of it', async () => {
    const said = [
      LAYLA,
      { code: '7' },
      { primaryEmail: LAYLA.primaryEmail, primaryPhone: LAYLA.primaryPhone },
      { primaryEmail: LAYLA.primaryEmail, lastName: 'Harbi' },
    ]
    for (let round = 0; round < 10; round++) {
      const fresh = await records.newWorkspace()
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => fresh.customer('salla', LAYLA)))
      expect(new Set(outcomes.map(({ customerId }) => customerId)).size).toBe(1)
      expect(outcomes.filter(({ effect }) => effect === 'created')).toHaveLength(1)
      await Promise.all(said.map((one) => fresh.customer('salla', one)))
      expect(await fresh.customers()).toMatchObject([{ lastName: 'Harbi', externalCodes: { salla: '7' } }])
      expect((await fresh.told()).filter(({ action }) => action === 'create')).toHaveLength(1)
    }
  })

  it('that overlap in pairs never leave a key that leads nowhere', async () => {
    const email = 'a@example.com'
    const phone = '+966501234567'
    for (let round = 0; round < 10; round++) {
      const fresh = await records.newWorkspace()
      await Promise.all([
        fresh.customer('salla', { code: '1', primaryEmail: email }),
        fresh.customer('zid', { primaryEmail: email, primaryPhone: phone }),
        fresh.customer('shop', { code: '3', primaryPhone: phone }),
      ])
      const ids = new Set((await fresh.customers()).map(({ id }) => id))
      const keys = await fresh.keys()
      expect(keys.map(({ kind }) => kind)).toEqual(['code', 'code', 'email', 'phone'])
      expect(keys.every(({ customerId }) => ids.has(customerId))).toBe(true)
      expect(new Set(keys.map(({ customerId }) => customerId))).toEqual(ids)
    }
  })
})

describe('the workspace is told', () => {
  it('of what is new and of what changes, in the transaction of the change', async () => {
    await workspace.customer('salla', LAYLA)
    await workspace.customer('salla', { code: '7', lastName: 'Harbi' })
    expect(await workspace.told()).toMatchObject([
      { type: 'core:customer', action: 'create', data: { object: { firstName: 'Layla' } } },
      { type: 'core:customer', action: 'update', data: { object: { lastName: 'Harbi' } } },
    ])
    const lost = workspace.transaction(async (trx) => {
      const { workspaceId } = workspace
      const source = { ns: 'salla' }
      await applyCustomer(records.context, trx, { workspaceId, ns: 'salla', source, customer: { code: '8' } })
      throw new Error('the intake failed')
    })
    await expect(lost).rejects.toThrow('the intake failed')
    expect(await workspace.told()).toHaveLength(2)
    expect(await workspace.customers()).toHaveLength(1)
  })
})
