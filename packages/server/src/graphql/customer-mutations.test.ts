import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { appSays, toldOf } from '../../test/records.ts'
import { applyRecord } from '../record/apply-record.ts'
import { MAX_FURTHER } from '../record/customer-edit.ts'
import { MAX_REMOVED_CUSTOMERS } from '../record/remove-customers.ts'
import { MAX_MERGED } from '../record/unite-customers.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

const FIELDS =
  '_id state firstName lastName email primaryEmail emails primaryPhone phones code tagIds tags leadStatus isSubscribed birthDate links description externalCodes'

async function mutate(call: string): Promise<Record<string, unknown>> {
  const { data, errors } = await api.call(`mutation { ${call} { ${FIELDS} } }`)
  expect(errors).toEqual([])
  return Object.values(data)[0] as Record<string, unknown>
}

/** The id of a tag of customers, which is made where it is not there yet. */
async function tag(name: string): Promise<string> {
  const { data } = await api.call(`{ tags(searchValue: "${name}") { data { _id name } } }`)
  const known = data.tags.data.find((one: { name: string }) => one.name === name)
  if (known) return known._id
  const made = await api.call(`mutation { tagsAdd(name: "${name}", type: "core:customer") { _id } }`)
  expect(made.errors).toEqual([])
  return made.data.tagsAdd._id
}

async function refusal(call: string, selection = `{ ${FIELDS} }`) {
  const { errors } = await api.call(`mutation { ${call} ${selection} }`)
  expect(errors).toHaveLength(1)
  return errors[0]
}

const detail = async (idOrCode: unknown) =>
  (await api.call(`{ customerDetail(_id: "${idOrCode}") { ${FIELDS} } }`)).data?.customerDetail

/** What an app says, at a moment of its own. */
const said = (customer: Record<string, unknown>, at?: number) =>
  appSays(api.context, { workspaceId: api.workspace.id, customer, at })

async function order(code: string, customerId?: string) {
  const of = { workspaceId: api.workspace.id, ns: 'salla', source: { ns: 'salla' } }
  const fields = { totalAmount: '1.00', orderNumber: code }
  const record = { contentType: 'ecommerce:orders', operation: 'upsert', code, fields } as const
  return api.context.db.transaction((trx) =>
    applyRecord(api.context, trx, { ...of, record: { ...record, ...(customerId && { customerId }) } }),
  )
}

async function told(): Promise<[string, string][]> {
  const events = await toldOf(api.context, api.workspace.id)
  return events
    .filter(({ type }) => type === 'core:customer')
    .map(({ action, data }) => [action, (data as { object: { _id: string } }).object._id])
}

describe('customersAdd', () => {
  it('keeps what is said in the form in which it is found, and tells of it', async () => {
    const vip = await tag('vip')
    const made = await mutate(
      `customersAdd(firstName: " Layla ", primaryEmail: "Layla@Example.com", emails: ["l2@example.com"], primaryPhone: "00966 50 123 4567", code: "A-1", tagIds: ["${vip}"], state: "lead", isSubscribed: "Yes", birthDate: "1990-02-28", links: { site: "https://layla.example" })`,
    )
    expect(made).toMatchObject({
      firstName: 'Layla',
      primaryEmail: 'layla@example.com',
      emails: ['layla@example.com', 'l2@example.com'],
      primaryPhone: '+966501234567',
      code: 'A-1',
      tagIds: [vip],
      tags: ['vip'],
      state: 'lead',
      isSubscribed: 'Yes',
      birthDate: '1990-02-28T00:00:00.000Z',
      links: { site: 'https://layla.example' },
    })
    expect(await told()).toContainEqual(['create', made['_id']])
    expect(await detail('A-1')).toEqual(made)
    const found = await said({ code: '7', primaryEmail: 'L2@example.com' }, api.clock.now - 1)
    expect(found).toMatchObject({ customerId: made['_id'] })
  })

  it.each([
    ['primaryEmail: "layla@example.com"', 'e-mail address "layla@example.com" belongs to the customer'],
    ['emails: ["l2@example.com"]', 'e-mail address "l2@example.com" belongs'],
    ['primaryPhone: "+966501234567"', 'phone number'],
    ['code: "A-1"', 'code "A-1" belongs'],
    ['primaryEmail: "nobody"', 'primaryEmail must be an e-mail address'],
    ['isSubscribed: "perhaps"', 'isSubscribed must be Yes or No'],
    ['state: "friend"', 'state must be one of visitor, lead, customer'],
    ['firstName: "x", state: ""', 'state must be one of'],
  ])('refuses %s', async (args, message) => {
    expect(await refusal(`customersAdd(${args})`)).toMatchObject({
      message: expect.stringContaining(message),
      extensions: { code: 'BAD_USER_INPUT' },
    })
  })

  it('takes as many further addresses as are allowed, and wants at least one field', async () => {
    const emails = Array.from({ length: MAX_FURTHER }, (_, i) => `y${i}@example.com`)
    const tooMany = JSON.stringify([...emails, 'one-more@example.com'])
    expect(await refusal(`customersAdd(emails: ${tooMany})`)).toMatchObject({
      message: expect.stringContaining(`at most ${MAX_FURTHER}`),
    })
    expect((await mutate(`customersAdd(emails: ${JSON.stringify(emails)})`))['emails']).toEqual(emails)
    expect(await refusal('customersAdd')).toMatchObject({
      message: expect.stringContaining('at least one field'),
    })
  })
})

describe('customersEdit', () => {
  it('changes what is said, clears what is null, and leaves the rest', async () => {
    const { _id } = await mutate(
      'customersAdd(firstName: "Omar", lastName: "Said", primaryEmail: "omar@example.com")',
    )
    const edited = await mutate(`customersEdit(_id: "${_id}", lastName: null, primaryEmail: "o@example.com")`)
    expect(edited).toMatchObject({ firstName: 'Omar', lastName: null, primaryEmail: 'o@example.com' })
    // The former address is free.
    await mutate('customersAdd(primaryEmail: "omar@example.com")')
  })

  it('tells nobody of what changes nothing', async () => {
    const { _id } = await mutate('customersAdd(firstName: "Same")')
    const before = await told()
    await mutate(`customersEdit(_id: "${_id}", firstName: "Same")`)
    expect(await told()).toEqual(before)
  })

  it('stands against what an app said before, whenever that arrives, and not against what it says later', async () => {
    const { customerId } = await said({
      code: 'c1',
      firstName: 'App',
      primaryEmail: 'app@example.com',
      tags: ['a'],
    })
    const saidBefore = api.clock.now
    api.clock.now += 1_000
    const h = await tag('h')
    await mutate(
      `customersEdit(_id: "${customerId}", firstName: "Hand", primaryEmail: null, tagIds: ["${h}"])`,
    )
    await said(
      { code: 'c1', firstName: 'Late', lastName: 'New', primaryEmail: 'late@example.com', tags: ['late'] },
      saidBefore + 500,
    )
    expect(await detail(customerId)).toMatchObject({
      firstName: 'Hand',
      lastName: 'New',
      primaryEmail: null,
      tags: ['h'],
    })
    expect(await detail('late@example.com')).toBeNull()
    api.clock.now += 1_000
    const version = async () => {
      const rows = await api.context.db.sql
        .selectFrom('customer')
        .select(['version', 'fieldTimes'])
        .where('workspaceId', '=', api.workspace.id)
        .where('id', '=', String(customerId))
        .execute()
      return rows[0]
    }
    const before = await version()
    await said({ code: 'c1', firstName: 'Hand' })
    // Only its time is newer: no change that anybody sees.
    expect(await version()).toMatchObject({
      version: before?.version,
      fieldTimes: { firstName: api.clock.now },
    })
    await said({ code: 'c1', firstName: 'Between' }, api.clock.now - 500)
    expect(await detail(customerId)).toMatchObject({ firstName: 'Hand' })
    await said({ code: 'c1', firstName: 'Newest' }, api.clock.now + 1)
    expect(await detail(customerId)).toMatchObject({ firstName: 'Newest' })
  })

  it('stands against older records of the customer too', async () => {
    const record = async (fields: Record<string, unknown>) => {
      const of = { workspaceId: api.workspace.id, ns: 'zid', source: { ns: 'zid' } }
      const event = { contentType: 'core:customer', operation: 'upsert', code: 'z1', fields } as const
      return api.context.db.transaction((trx) => applyRecord(api.context, trx, { ...of, record: event }))
    }
    const at = (ms: number) => new Date(api.clock.now + ms).toISOString()
    await record({ firstName: 'App', position: 'Owner', updatedAt: at(-2_000) })
    await mutate('customersEdit(_id: "z1", firstName: "Hand")')
    await record({ firstName: 'Older', position: 'Clerk', updatedAt: at(-1_000) })
    expect(await detail('z1')).toMatchObject({ firstName: 'Hand' })
    await record({ firstName: 'Newer', updatedAt: at(1_000) })
    expect(await detail('z1')).toMatchObject({ firstName: 'Newer' })
    // Without a time: what it repeats is no new word, what it changes is.
    await mutate('customersEdit(_id: "z1", firstName: "Hand", department: "Sales")')
  })

  it('of nobody is refused', async () => {
    expect(await refusal('customersEdit(_id: "nobody", firstName: "x")')).toMatchObject({
      extensions: { code: 'NOT_FOUND' },
    })
  })
})

describe('customersEditByField', () => {
  it('finds by address, then number, then code', async () => {
    const { _id } = await mutate(
      'customersAdd(firstName: "Sel", primaryEmail: "sel@example.com", primaryPhone: "+966500000001", code: "sel-1")',
    )
    for (const selector of [
      '{ primaryEmail: "SEL@example.com", code: "A-1" }',
      '{ primaryPhone: "00966500000001", code: "A-1" }',
      '{ code: "sel-1" }',
    ]) {
      const edited = await mutate(`customersEditByField(selector: ${selector}, doc: { isSubscribed: false })`)
      expect(edited).toMatchObject({ _id, isSubscribed: 'No' })
    }
  })

  it.each([
    ['selector: {}, doc: { firstName: "x" }', 'BAD_USER_INPUT', 'selector must name one of'],
    ['selector: { code: "none" }, doc: { firstName: "x" }', 'NOT_FOUND', 'no customer'],
    ['selector: { primaryEmail: "none@example.com" }, doc: { firstName: "x" }', 'NOT_FOUND', 'no customer'],
    ['selector: { code: "sel-1" }, doc: { fisrtName: "x" }', 'BAD_USER_INPUT', 'no field "fisrtName"'],
    ['selector: { code: "sel-1" }, doc: []', 'BAD_USER_INPUT', 'doc must be an object'],
  ])('refuses %s', async (args, code, message) => {
    expect(await refusal(`customersEditByField(${args})`)).toMatchObject({
      message: expect.stringContaining(message),
      extensions: { code },
    })
  })
})

it('customersChangeState changes the state alone', async () => {
  const { _id } = await mutate('customersAdd(firstName: "State", state: "visitor")')
  expect(await mutate(`customersChangeState(_id: "${_id}", value: "lead")`)).toMatchObject({
    firstName: 'State',
    state: 'lead',
  })
})

describe('customersMerge', () => {
  it('makes one of several, with all that leads to them and all that is theirs', async () => {
    const first = await mutate(
      `customersAdd(firstName: "One", primaryEmail: "one@example.com", tagIds: ["${await tag('a')}"], state: "lead")`,
    )
    const second = await said({
      code: 'm2',
      firstName: 'Two',
      lastName: 'Last',
      primaryEmail: 'two@example.com',
      tags: ['b'],
    })
    const { recordId } = await order('m-o1', second.customerId)
    const merged = await mutate(
      `customersMerge(customerIds: ["${first['_id']}", "${second.customerId}"], customerFields: { description: "both" })`,
    )
    expect(merged).toMatchObject({
      _id: first['_id'],
      firstName: 'One',
      lastName: 'Last',
      emails: ['one@example.com', 'two@example.com'],
      externalCodes: { salla: 'm2' },
      state: 'customer',
      description: 'both',
    })
    expect([...(merged['tags'] as string[])].sort()).toEqual(['a', 'b'])
    expect(await told()).toContainEqual(['merge', first['_id']])
    const { data } = await api.call(`{ orderDetail(_id: "${recordId}") { customer { _id } } }`)
    expect(data.orderDetail.customer._id).toBe(first['_id'])
    expect(await said({ primaryEmail: 'two@example.com' })).toMatchObject({ customerId: first['_id'] })
    // Its former id leads to it: for people, and for events that were on their way.
    expect((await detail(second.customerId))._id).toBe(first['_id'])
    expect(await order('m-o2', second.customerId)).toMatchObject({ customerId: first['_id'] })
    const audit = await api.call('{ auditLog(kind: "customers.merged") { data { subjectId details } } }')
    expect(audit.data.auditLog.data).toEqual([
      { subjectId: first['_id'], details: { mergedIds: [second.customerId] } },
    ])
  })

  it.each([
    ['', `2 to ${MAX_MERGED}`],
    ['"x", "x"', `2 to ${MAX_MERGED}`],
    [MAX_MERGED + 1, `2 to ${MAX_MERGED}`],
    [MAX_MERGED, 'There is no customer'],
  ])('refuses %s', async (ids, message) => {
    const named =
      typeof ids === 'number' ? Array.from({ length: ids }, () => `"${crypto.randomUUID()}"`).join() : ids
    expect(await refusal(`customersMerge(customerIds: [${named}])`)).toMatchObject({
      message: expect.stringContaining(message),
    })
  })
})

describe('customersRemove', () => {
  it('removes customers, and leaves their orders', async () => {
    const { customerId } = await said({ code: 'r1', primaryEmail: 'r1@example.com' })
    const { recordId } = await order('r-o1', customerId)
    const { data } = await api.call(
      `mutation { customersRemove(customerIds: ["${customerId}", "nobody", "${crypto.randomUUID()}"]) }`,
    )
    expect(data.customersRemove).toEqual([customerId])
    expect(await told()).toContainEqual(['delete', customerId])
    const found = await api.call(`{ orderDetail(_id: "${recordId}") { customerId } }`)
    expect(found.data.orderDetail).toEqual({ customerId: null })
    // An event on its way still names it.
    expect(await order('r-o2', customerId)).toMatchObject({ effect: 'created', customerId: undefined })
    expect(await said({ primaryEmail: 'r1@example.com' })).toMatchObject({ effect: 'created' })
    const audit = await api.call('{ auditLog(kind: "customers.removed") { data { details } } }')
    expect(audit.data.auditLog.data).toEqual([{ details: { count: 1, ids: [customerId] } }])
  })

  it(`takes ${MAX_REMOVED_CUSTOMERS} ids and no more`, async () => {
    const ids = (count: number) => JSON.stringify(Array.from({ length: count }, () => crypto.randomUUID()))
    const { data } = await api.call(
      `mutation { customersRemove(customerIds: ${ids(MAX_REMOVED_CUSTOMERS)}) }`,
    )
    expect(data.customersRemove).toEqual([])
    const refused = await refusal(`customersRemove(customerIds: ${ids(MAX_REMOVED_CUSTOMERS + 1)})`, '')
    expect(refused).toMatchObject({ message: expect.stringContaining('At most 500') })
  })
})
