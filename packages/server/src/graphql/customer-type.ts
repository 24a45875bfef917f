/** A customer as 10b section 4.1 publishes it: the fields that are kept here. */

import { listCustomers } from '../record/list.ts'
import type { ListedCustomer } from '../record/merge-customer.ts'
import { builder } from './builder.ts'
import { defineLoader } from './loader.ts'
import { textsOf } from './record-fields.ts'
import { namesOfTags, TagType, tagIdsOf, tagsOf } from './tag-type.ts'

const text = ({ data }: ListedCustomer, field: string): string | null => {
  const value = data[field]
  return typeof value === 'string' ? value : null
}

function withFirst(primary: string | null, further: unknown): string[] {
  const texts = [primary, ...textsOf(further)].filter((one) => one !== null)
  return [...new Set(texts)]
}

export const CustomerType = builder.objectRef<ListedCustomer>('Customer')

CustomerType.implement({
  description: 'A person that apps know: put together from what each of them says.',
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    state: t.exposeString('state', { description: 'visitor, lead or customer.' }),
    createdAt: t.expose('createdAt', { type: 'Date', description: 'First seen.' }),
    modifiedAt: t.expose('updatedAt', { type: 'Date' }),
    firstName: t.exposeString('firstName'),
    lastName: t.exposeString('lastName'),
    email: t.exposeString('primaryEmail', { description: 'The same as primaryEmail.' }),
    primaryEmail: t.exposeString('primaryEmail'),
    phone: t.exposeString('primaryPhone', { description: 'The same as primaryPhone.' }),
    primaryPhone: t.exposeString('primaryPhone', {
      description: 'E.164; the digits alone of a number whose country is not known.',
    }),
    avatar: t.string({ resolve: (customer) => text(customer, 'avatar') }),
    sex: t.int({ resolve: ({ data }) => (typeof data['sex'] === 'number' ? data['sex'] : null) }),
    birthDate: t.field({
      type: 'Date',
      description: 'Midnight UTC of the day.',
      resolve: (customer) => {
        const day = text(customer, 'birthDate')
        return day === null ? null : new Date(day)
      },
    }),
    position: t.string({ resolve: (customer) => text(customer, 'position') }),
    department: t.string({ resolve: (customer) => text(customer, 'department') }),
    code: t.string({
      description: 'Its own code, else that of the first app that knows it.',
      resolve: (customer) => text(customer, 'code') ?? Object.values(customer.externalCodes)[0] ?? null,
    }),
    externalCodes: t.field({
      type: 'JSON',
      nullable: false,
      description: 'The latest code at each app, by ns.',
      resolve: ({ externalCodes }) => externalCodes,
    }),
    tagIds: t.stringList({
      nullable: false,
      resolve: ({ id }, _args, request) => tagIdsOf(request).load(id),
    }),
    getTags: t.field({
      type: [TagType],
      nullable: false,
      resolve: ({ id }, _args, request) => tagsOf(request, id),
    }),
    tags: t.stringList({
      nullable: false,
      description: 'What its tags are called.',
      resolve: ({ id }, _args, request) => namesOfTags(request, id),
    }),
    emails: t.stringList({
      description: 'Every address, the primary one first.',
      resolve: ({ primaryEmail, data }) => withFirst(primaryEmail, data['emails']),
    }),
    phones: t.stringList({
      description: 'Every number, the primary one first.',
      resolve: ({ primaryPhone, data }) => withFirst(primaryPhone, data['phones']),
    }),
    primaryAddress: t.field({ type: 'JSON', resolve: ({ data }) => data['primaryAddress'] }),
    addresses: t.field({
      type: ['JSON'],
      resolve: ({ data }) => (Array.isArray(data['addresses']) ? (data['addresses'] as unknown[]) : null),
    }),
    links: t.field({ type: 'JSON', resolve: ({ data }) => data['links'] }),
    customFieldsData: t.field({ type: 'JSON', resolve: ({ data }) => data['customFieldsData'] }),
    description: t.string({ resolve: (customer) => text(customer, 'description') }),
    ownerId: t.string({ resolve: (customer) => text(customer, 'ownerId') }),
    leadStatus: t.string({ resolve: (customer) => text(customer, 'leadStatus') }),
    isSubscribed: t.string({
      description: 'Yes or No.',
      resolve: (customer) => text(customer, 'isSubscribed'),
    }),
    emailValidationStatus: t.string({ resolve: (customer) => text(customer, 'emailValidationStatus') }),
    phoneValidationStatus: t.string({ resolve: (customer) => text(customer, 'phoneValidationStatus') }),
  }),
})

/** Customers of rows that come in lists. */
export const customerOf = defineLoader<string, ListedCustomer | null>(async ({ context, caller }, ids) => {
  const range = { limit: ids.length, offset: 0 }
  const found = await listCustomers(context.db.sql, { workspaceId: caller.workspaceId, ids }, range)
  const byId = new Map(found.map((customer) => [customer.id, customer]))
  return ids.map((id) => byId.get(id) ?? null)
})
