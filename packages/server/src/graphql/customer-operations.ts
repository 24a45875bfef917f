/** Customers (10b section 4.1). */
import { CUSTOMER_STATES, type CustomerState } from '../db/record-schema.ts'
import { ApiError } from '../errors.ts'
import type { CustomerFilter } from '../record/filter.ts'
import { findCustomer } from '../record/find.ts'
import type { Profile } from '../record/merge-customer.ts'
import { countCustomers, listCustomers } from '../record/store.ts'
import { builder } from './builder.ts'
import { CustomerType } from './customer-type.ts'
import { type Page, PaginationInfo, pageArgs, readPage } from './pagination.ts'

const CustomersListResponse = builder.objectRef<Page<Profile>>('CustomersListResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [CustomerType], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

builder.queryField('customers', (t) =>
  t.field({
    type: CustomersListResponse,
    permission: 'showCustomers',
    description: 'The customers of the workspace, newest first.',
    args: {
      ...pageArgs,
      searchValue: t.arg.string({
        description: 'Beginnings of words in names, e-mail address, phone number and codes.',
      }),
      type: t.arg.string({ description: `A state: ${CUSTOMER_STATES.join(', ')}.` }),
      types: t.arg({ type: ['String'], description: 'Several states.' }),
      tag: t.arg.string(),
      ids: t.arg({ type: ['String'] }),
      ns: t.arg.string({ description: 'Only those that this app knows.' }),
      startDate: t.arg.string({ description: 'First seen on this day or later; ISO 8601, in UTC.' }),
      endDate: t.arg.string({ description: 'First seen before this day; ISO 8601, in UTC.' }),
    },
    resolve: (_root, args, { context, caller }) => {
      const states = [...(args.types ?? []), args.type].flatMap((state) => (state ? [readState(state)] : []))
      const filter: CustomerFilter = {
        workspaceId: caller.workspaceId,
        ...(args.searchValue && { search: args.searchValue }),
        ...(states.length > 0 && { states }),
        ...(args.tag && { tag: args.tag }),
        ...(args.ids && { ids: args.ids }),
        ...(args.ns && { ns: args.ns }),
        ...(args.startDate && { from: readDay(args.startDate, 'startDate') }),
        ...(args.endDate && { until: readDay(args.endDate, 'endDate') }),
      }
      return readPage(args, {
        name: 'customers',
        list: (range) => listCustomers(context.db.sql, filter, range),
        count: () => countCustomers(context.db.sql, filter),
      })
    },
  }),
)

builder.queryField('customerDetail', (t) =>
  t.field({
    type: CustomerType,
    permission: 'showCustomers',
    description: 'One customer.',
    args: { _id: t.arg.string({ required: true, description: 'Its _id, or a code of it.' }) },
    resolve: (_root, { _id }, { context, caller }) =>
      findCustomer(context, { workspaceId: caller.workspaceId, idOrCode: _id }),
  }),
)

function readState(text: string): CustomerState {
  const state = CUSTOMER_STATES.find((one) => one === text)
  if (state !== undefined) return state
  throw new ApiError('BAD_USER_INPUT', `type must be one of ${CUSTOMER_STATES.join(', ')}.`)
}

/** 10b has these as texts. */
function readDay(text: string, argument: string): Date {
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return new Date(ms)
  throw new ApiError('BAD_USER_INPUT', `${argument} must be a date in ISO 8601, such as 2026-01-31.`)
}
