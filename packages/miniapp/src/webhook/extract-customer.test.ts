import { describe, expect, it } from 'vitest'
import type { WebhookDefinition } from '../document.ts'
import { compileCustomerExtraction } from './extract-customer.ts'

type Extraction = NonNullable<WebhookDefinition['customerExtraction']>

const EXTRACTION: Extraction = {
  basePath: '$.order.customer',
  mapping: {
    code: 'id',
    firstName: 'first_name',
    primaryEmail: 'email',
    primaryPhone: { path: 'mobile', transform: 'phone', country: 'SA' },
    birthDate: 'birthday',
    sex: 'gender',
    state: 'stage',
    note: '$.order.note',
  },
  overrides: {
    'cart.abandoned': { basePath: '$.cart.buyer' },
    'customer.created': { basePath: '', mapping: { primaryEmail: '$.customer.email' } },
  },
}

function extract(payload: unknown, event?: string, customerExtraction = EXTRACTION) {
  return compileCustomerExtraction({ customerExtraction })(event)?.extract(payload)
}

const order = (customer: unknown) => ({ order: { customer, note: 'ring twice' } })

describe('the customer of an event', () => {
  it('has its fields in one form, and what is no field apart', () => {
    const payload = order({
      id: 42,
      first_name: 'Rin',
      email: ' Rin@Example.COM ',
      mobile: '0501234567',
      birthday: '1990-05-01T23:30:00+03:00',
      gender: '2',
      stage: 'lead',
    })
    expect(extract(payload, 'order.created')).toEqual({
      notes: [],
      customer: {
        code: '42',
        primaryEmail: 'rin@example.com',
        primaryPhone: '+966501234567',
        data: {
          code: '42',
          firstName: 'Rin',
          primaryEmail: 'rin@example.com',
          primaryPhone: '+966501234567',
          birthDate: '1990-05-01',
          sex: 2,
          state: 'lead',
        },
        extra: { note: 'ring twice' },
      },
    })
  })

  it('is a customer unless the mapping says otherwise, and empty values say nothing', () => {
    const { customer } = extract(order({ id: 'a', first_name: '', email: null, stage: '' })) ?? {}
    expect(customer?.data).toEqual({ code: 'a', state: 'customer' })
  })

  it('goes without what cannot be read, and a note says so without the value', () => {
    const outcome = extract(order({ id: 1, email: 'nobody', gender: 'female', stage: 'king' }))
    expect(outcome?.customer?.data).toEqual({ code: '1', state: 'customer' })
    expect(outcome?.notes.map(({ message }) => message)).toEqual([
      '"primaryEmail" is left out: it takes an e-mail address, not text',
      '"sex" is left out: it takes a number, not text',
      '"state" is left out: it takes visitor, lead or customer, not text',
    ])
  })

  it.each([
    ['nothing that it could be found by', order({ first_name: 'Rin' })],
    ['nothing at the base path, though the root has such fields', { id: 7, email: 'a@b.c' }],
    ['an array', order([{ id: 7 }])],
    ['text', 'text'],
  ])('is none where there is %s', (_name, payload) => expect(extract(payload)?.customer).toBeUndefined())

  it('is read by the override of its event', () => {
    expect(extract({ cart: { buyer: { id: 9 } } }, 'cart.abandoned')?.customer?.code).toBe('9')
    const created = extract({ customer: { email: 'a@b.co' }, id: 3 }, 'customer.created')
    expect(created?.customer?.data).toEqual({ primaryEmail: 'a@b.co', state: 'customer' })
    expect(extract(order({ id: 5 }), 'constructor')?.customer?.code).toBe('5')
  })

  it('may need functions, whose results are handed in', () => {
    const mapping = { code: { transform: 'compute', fn: 'codeOf', args: { id: 'id' } } } as const
    const compiled = compileCustomerExtraction({ customerExtraction: { mapping } })('e')
    const [call] = compiled?.computeCalls({ id: 4 }) ?? []
    expect(call).toMatchObject({ fn: 'codeOf', args: { id: 4 } })
    const computed = new Map([[call?.id ?? '', { value: 'c4' }]])
    expect(compiled?.extract({ id: 4 }, computed).customer?.code).toBe('c4')
  })

  it.each([undefined, null, {}])('is not looked for where the webhook is %j', (webhook) =>
    expect(compileCustomerExtraction(webhook)('e')).toBeUndefined(),
  )
})
