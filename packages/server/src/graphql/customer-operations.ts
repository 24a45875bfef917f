/** Customers (10b section 4.1). */
import { CUSTOMER_STATES, type CustomerState } from '../db/record-schema.ts'
import { ApiError } from '../errors.ts'
import type { CustomerFilter } from '../record/filter.ts'
import { findCustomer } from '../record/find.ts'
import {
  type CustomerGroup,
  countCustomers,
  countCustomersBy,
  listCustomers,
  MAX_GROUPS,
} from '../record/list.ts'
import { CUSTOMER_SORTS } from '../record/sort.ts'
import { builder } from './builder.ts'
import { CustomerType } from './customer-type.ts'
import { listResponse } from './list-response.ts'
import { pageArgs, readPage } from './pagination.ts'
import { readSort, sortArgs } from './sort-args.ts'

const CustomersListResponse = listResponse('CustomersListResponse', CustomerType)

const filterArgs = builder.args((t) => ({
  searchValue: t.string({
    description: 'Beginnings of words in names, e-mail address, phone number and codes.',
  }),
  type: t.string({ description: `A state: ${CUSTOMER_STATES.join(', ')}.` }),
  types: t.field({ type: ['String'], description: 'Several states.' }),
  tag: t.string({ description: 'The _id of a tag that they carry themselves.' }),
  ids: t.field({ type: ['String'] }),
  excludeIds: t.boolean({ description: 'All but those of `ids`.' }),
  ns: t.string({ description: 'Only those that this app knows.' }),
  leadStatus: t.string(),
  sex: t.int(),
  birthDate: t.field({ type: 'Date', description: 'Born on this day, in UTC.' }),
  emailValidationStatus: t.string(),
  startDate: t.string({ description: 'First seen on this day or later; ISO 8601, in UTC.' }),
  endDate: t.string({ description: 'First seen before this day; ISO 8601, in UTC.' }),
}))

interface FilterArguments {
  searchValue?: string | null | undefined
  type?: string | null | undefined
  types?: readonly string[] | null | undefined
  tag?: string | null | undefined
  ids?: readonly string[] | null | undefined
  excludeIds?: boolean | null | undefined
  ns?: string | null | undefined
  leadStatus?: string | null | undefined
  sex?: number | null | undefined
  birthDate?: Date | null | undefined
  emailValidationStatus?: string | null | undefined
  startDate?: string | null | undefined
  endDate?: string | null | undefined
}

function readFilter(workspaceId: string, args: FilterArguments): CustomerFilter {
  const { ids, excludeIds, leadStatus, sex, birthDate, emailValidationStatus } = args
  const states = [...(args.types ?? []), args.type].flatMap((state) => (state ? [readState(state)] : []))
  const data = {
    ...(leadStatus && { leadStatus }),
    ...(sex != null && { sex: String(sex) }),
    ...(birthDate && { birthDate: birthDate.toISOString().slice(0, 10) }),
    ...(emailValidationStatus && { emailValidationStatus }),
  }
  return {
    workspaceId,
    data,
    ...(args.searchValue && { search: args.searchValue }),
    ...(states.length > 0 && { states }),
    ...(args.tag && { tag: args.tag }),
    ...(ids && (excludeIds ? { exceptIds: ids } : { ids })),
    ...(args.ns && { ns: args.ns }),
    ...(args.startDate && { from: readDay(args.startDate, 'startDate') }),
    ...(args.endDate && { until: readDay(args.endDate, 'endDate') }),
  }
}

builder.queryField('customers', (t) =>
  t.field({
    type: CustomersListResponse,
    permission: 'showCustomers',
    description: 'The customers of the workspace, newest first.',
    args: { ...pageArgs, ...filterArgs, ...sortArgs(CUSTOMER_SORTS, 'the newest first') },
    resolve: (_root, args, { context, caller }) => {
      const filter = readFilter(caller.workspaceId, args)
      const newest = { key: CUSTOMER_SORTS.createdAt, direction: 'desc' } as const
      const { sort, order } = readSort(args, CUSTOMER_SORTS, newest)
      return readPage(args, {
        name: 'customers',
        list: (range) => listCustomers(context.db.sql, filter, { ...range, sort }),
        count: () => countCustomers(context.db.sql, filter),
        sortedBy: sort.key,
        order,
      })
    },
  }),
)

/** The published groups, and ours; null: of what is not kept here, so that its counts are empty. */
const COUNTED = {
  byState: 'state',
  byTag: 'tag',
  byLeadStatus: 'leadStatus',
  byIntegrationType: 'ns',
  bySegment: null,
  byWorkspace: null,
  byForm: null,
} as const satisfies Record<string, CustomerGroup | null>

builder.queryField('customerCounts', (t) =>
  t.field({
    type: 'JSON',
    permission: 'showCustomers',
    description: `How many customers there are, in groups: { byState: { lead: 3 }, … }. byTag counts by the _id of the tag. Of each group at most the ${MAX_GROUPS} largest; byIntegrationType counts by app. There are no segments, forms and further workspaces here: their counts are empty.`,
    args: {
      ...filterArgs,
      only: t.arg.string({ description: `One of ${Object.keys(COUNTED).join(', ')}; default: all.` }),
    },
    resolve: async (_root, { only, ...args }, { context, caller }) => {
      const groups = Object.entries(COUNTED).filter(([name]) => !only || name === only)
      if (groups.length === 0) {
        throw new ApiError('BAD_USER_INPUT', `only must be one of ${Object.keys(COUNTED).join(', ')}.`)
      }
      const filter = readFilter(caller.workspaceId, args)
      const counts = groups.map(async ([name, group]) => {
        return [name, group === null ? {} : await countCustomersBy(context.db.sql, filter, group)] as const
      })
      return Object.fromEntries(await Promise.all(counts))
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
