/** What people change in customers (10b section 4.1). */
import { CUSTOMER_STATES } from '../db/record-schema.ts'
import { ApiError } from '../errors.ts'
import { addCustomer, editCustomer, editCustomerByField } from '../record/edit-customer.ts'
import { MAX_REMOVED_CUSTOMERS, removeCustomers } from '../record/remove-customers.ts'
import { MAX_MERGED, uniteCustomers } from '../record/unite-customers.ts'
import { MAX_TAGS_OF_ONE } from '../tag/hold-tags.ts'
import { builder } from './builder.ts'
import { CustomerType } from './customer-type.ts'

const stateArg = builder.args((t) => ({
  state: t.string({ description: `${CUSTOMER_STATES.join(', ')}; default customer.` }),
}))

const customerArgs = builder.args((t) => ({
  firstName: t.string(),
  lastName: t.string(),
  primaryEmail: t.string(),
  emails: t.stringList({ description: 'Further addresses; the customer is found by each.' }),
  primaryPhone: t.string(),
  phones: t.stringList({ description: 'Further numbers; the customer is found by each.' }),
  code: t.string({ description: 'Its own, besides those that apps gave.' }),
  tagIds: t.stringList({
    description: `All of them: they replace those before. At most ${MAX_TAGS_OF_ONE}, of the type core:customer or core:all.`,
  }),
  avatar: t.string(),
  sex: t.int(),
  birthDate: t.field({ type: 'Date' }),
  position: t.string(),
  department: t.string(),
  description: t.string(),
  ownerId: t.string(),
  leadStatus: t.string(),
  isSubscribed: t.string({ description: 'Yes or No.' }),
  primaryAddress: t.field({ type: 'JSON' }),
  addresses: t.field({ type: ['JSON'] }),
  links: t.field({ type: 'JSON' }),
  customFieldsData: t.field({ type: 'JSON' }),
  emailValidationStatus: t.string(),
  phoneValidationStatus: t.string(),
}))

const idArg = builder.args((t) => ({
  _id: t.string({ required: true, description: 'Its _id, or a code of it.' }),
}))

builder.mutationField('customersAdd', (t) =>
  t.field({
    type: CustomerType,
    permission: 'customersAdd',
    description:
      'Makes a customer by hand. An address, a number or a code that belongs to another one is refused.',
    args: { ...stateArg, ...customerArgs },
    resolve: (_root, fields, { context, caller }) => addCustomer(context, caller, fields),
  }),
)

builder.mutationField('customersEdit', (t) =>
  t.field({
    type: CustomerType,
    permission: 'customersEdit',
    description:
      'Changes a customer. What is not said stays, null clears; what an app says later stands again.',
    args: { ...idArg, ...customerArgs },
    resolve: (_root, { _id, ...fields }, { context, caller }) =>
      editCustomer(context, caller, { idOrCode: _id, fields }),
  }),
)

builder.mutationField('customersEditByField', (t) =>
  t.field({
    type: CustomerType,
    permission: 'customersEdit',
    description: 'The same for a customer that is found by what is known of it.',
    args: {
      selector: t.arg({
        type: 'JSON',
        description: 'primaryEmail, else primaryPhone, else code: { "primaryEmail": "layla@example.com" }.',
      }),
      doc: t.arg({ type: 'JSON', description: 'The fields of customersEdit that are said.' }),
    },
    resolve: (_root, { selector, doc }, { context, caller }) => {
      const { state, ...fields } = objectOf(doc, 'doc')
      if (state !== undefined) throw new ApiError('BAD_USER_INPUT', 'doc.state: use customersChangeState.')
      return editCustomerByField(context, caller, { selector: objectOf(selector, 'selector'), fields })
    },
  }),
)

builder.mutationField('customersChangeState', (t) =>
  t.field({
    type: CustomerType,
    permission: 'customersChangeState',
    args: {
      ...idArg,
      value: t.arg.string({ required: true, description: `One of ${CUSTOMER_STATES.join(', ')}.` }),
    },
    resolve: (_root, { _id, value }, { context, caller }) =>
      editCustomer(context, caller, { idOrCode: _id, fields: { state: value } }),
  }),
)

builder.mutationField('customersMerge', (t) =>
  t.field({
    type: CustomerType,
    permission: 'customersMerge',
    description:
      'Makes one customer of several, for good: the first stays, takes from the others what it lacks, and gets their addresses, numbers, codes, tags and orders. Their ids lead to it.',
    args: {
      customerIds: t.arg({ type: ['String'], description: `2 to ${MAX_MERGED} of them.` }),
      customerFields: t.arg({
        type: 'JSON',
        description: 'Fields of customersEdit that are said of the one that stays.',
      }),
    },
    resolve: (_root, { customerIds, customerFields }, { context, caller }) =>
      uniteCustomers(context, caller, {
        ids: customerIds ?? [],
        fields: customerFields == null ? {} : objectOf(customerFields, 'customerFields'),
      }),
  }),
)

builder.mutationField('customersRemove', (t) =>
  t.field({
    type: ['String'],
    permission: 'customersRemove',
    description: `Removes customers, at most ${MAX_REMOVED_CUSTOMERS} in one call; their orders stay. Answers the ids of those that were removed. What an app says of one later makes it again.`,
    args: { customerIds: t.arg({ type: ['String'] }) },
    resolve: (_root, { customerIds }, { context, caller }) =>
      removeCustomers(context, caller, customerIds ?? []),
  }),
)

function objectOf(value: unknown, argument: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw new ApiError('BAD_USER_INPUT', `${argument} must be an object.`)
}
