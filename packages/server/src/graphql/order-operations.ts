/** Orders and abandoned carts (10b section 4.4: no published type; ours in the same style). Money is answered in its exact text. */
import { changeOrderStatus, MAX_STATUS_CHARACTERS, ORDER_STATUSES } from '../record/change-order-status.ts'
import { CART_TYPE, ORDER_TYPE } from '../record/content-type.ts'
import { findRecord } from '../record/find.ts'
import type { ListedRecord } from '../record/list.ts'
import { RECORD_SORTS } from '../record/sort.ts'
import { builder } from './builder.ts'
import { CustomerType, customerOf } from './customer-type.ts'
import { listResponse } from './list-response.ts'
import { pageArgs } from './pagination.ts'
import { textField, timeField } from './record-fields.ts'
import { readRecords, recordArgs } from './record-list.ts'
import { readSort, sortArgs } from './sort-args.ts'

const ORDER_TEXTS = [
  'orderNumber',
  'paymentStatus',
  'fulfillmentStatus',
  'subtotal',
  'discount',
  'shipping',
  'tax',
  'note',
] as const
const ORDER_VALUES = ['couponCodes', 'shippingAddress', 'billingAddress'] as const

const OrderType = builder.objectRef<ListedRecord>('Order')
OrderType.implement({
  description: 'An order of a shop. Amounts are exact decimals, as text.',
  fields: (t) => ({
    ...Object.fromEntries(
      ORDER_TEXTS.map((field) => [field, t.string({ resolve: (order) => textField(order, field) })]),
    ),
    ...Object.fromEntries(
      ORDER_VALUES.map((field) => [field, t.field({ type: 'JSON', resolve: ({ data }) => data[field] })]),
    ),
    placedAt: t.field({ type: 'Date', resolve: (order) => timeField(order, 'placedAt') }),
    partial: t.exposeBoolean('partial', {
      nullable: false,
      description: 'Only updates of it were seen yet, not the whole.',
    }),
  }),
})

const CartType = builder.objectRef<ListedRecord>('AbandonedCart')
CartType.implement({
  description: 'A cart that was left. Amounts are exact decimals, as text.',
  fields: (t) => ({
    checkoutUrl: t.string({ resolve: (cart) => textField(cart, 'checkoutUrl') }),
    abandonedAt: t.field({ type: 'Date', resolve: (cart) => timeField(cart, 'abandonedAt') }),
  }),
})

for (const type of [OrderType, CartType]) {
  builder.objectFields(type, (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    ns: t.exposeString('ns', { nullable: false, description: 'The app that it came from.' }),
    code: t.exposeString('code', { nullable: false, description: 'Its id at the shop.' }),
    status: t.exposeString('status'),
    currency: t.string({ resolve: (sale) => textField(sale, 'currency') }),
    totalAmount: t.string({ resolve: (sale) => textField(sale, 'totalAmount') }),
    items: t.field({ type: 'JSON', resolve: ({ data }) => data['items'] }),
    customerCode: t.exposeString('customerCode'),
    customerId: t.exposeString('customerId'),
    customer: t.field({
      type: CustomerType,
      description: 'Whose it is; null too without the permission showCustomers.',
      resolve: ({ customerId }, _args, request) =>
        customerId === null || !request.caller.can('showCustomers')
          ? null
          : customerOf(request).load(customerId),
    }),
    updatedAt: t.field({
      type: 'Date',
      description: 'By the clock of the shop.',
      resolve: (sale) => timeField(sale, 'updatedAt'),
    }),
    extra: t.expose('extra', { type: 'JSON', description: 'What the app maps besides the known fields.' }),
    createdAt: t.expose('createdAt', { type: 'Date', description: 'First seen.' }),
    modifiedAt: t.expose('updatedAt', { type: 'Date' }),
  }))
}

const OrderListResponse = listResponse('OrderListResponse', OrderType)
const CartListResponse = listResponse('AbandonedCartListResponse', CartType)

const { happenedAt, createdAt, modifiedAt, status } = RECORD_SORTS
const ORDER_SORTS = { placedAt: happenedAt, createdAt, modifiedAt, status, orderNumber: RECORD_SORTS.name }
const CART_SORTS = { abandonedAt: happenedAt, createdAt, modifiedAt, status }
const NEWEST = { key: happenedAt, direction: 'desc' } as const

const saleArgs = builder.args((t) => ({
  customerId: t.string({ description: 'Those of one customer.' }),
  from: t.field({ type: 'Date', description: 'From this moment on.' }),
  until: t.field({ type: 'Date', description: 'Before this moment.' }),
}))

interface SaleArguments {
  customerId?: string | null | undefined
  from?: Date | null | undefined
  until?: Date | null | undefined
}

function narrowed({ customerId, from, until }: SaleArguments) {
  return { ...(customerId && { customerId }), ...(from && { from }), ...(until && { until }) }
}

builder.queryField('orders', (t) =>
  t.field({
    type: OrderListResponse,
    permission: 'showOrders',
    description: 'The orders of the workspace, by when they were placed, newest first.',
    args: { ...pageArgs, ...recordArgs, ...saleArgs, ...sortArgs(ORDER_SORTS, 'the newest first') },
    resolve: (_root, args, request) =>
      readRecords(
        request,
        {
          name: 'orders',
          contentType: ORDER_TYPE,
          narrowed: narrowed(args),
          ...readSort(args, ORDER_SORTS, NEWEST),
        },
        args,
      ),
  }),
)

builder.queryField('orderDetail', (t) =>
  t.field({
    type: OrderType,
    permission: 'showOrders',
    description: 'One order.',
    args: { _id: t.arg.string({ required: true, description: 'Its _id, or its code at the shop.' }) },
    resolve: (_root, { _id }, { context, caller }) =>
      findRecord(context, {
        workspaceId: caller.workspaceId,
        contentType: ORDER_TYPE,
        idOrCode: _id,
        what: 'order',
      }),
  }),
)

builder.queryField('abandonedCarts', (t) =>
  t.field({
    type: CartListResponse,
    permission: 'showOrders',
    description: 'The carts that were left, by when that was, newest first.',
    args: { ...pageArgs, ...recordArgs, ...saleArgs, ...sortArgs(CART_SORTS, 'the newest first') },
    resolve: (_root, args, request) =>
      readRecords(
        request,
        {
          name: 'abandonedCarts',
          contentType: CART_TYPE,
          narrowed: narrowed(args),
          ...readSort(args, CART_SORTS, NEWEST),
        },
        args,
      ),
  }),
)

builder.queryField('abandonedCartDetail', (t) =>
  t.field({
    type: CartType,
    permission: 'showOrders',
    description: 'One cart.',
    args: { _id: t.arg.string({ required: true, description: 'Its _id, or its code at the shop.' }) },
    resolve: (_root, { _id }, { context, caller }) =>
      findRecord(context, {
        workspaceId: caller.workspaceId,
        contentType: CART_TYPE,
        idOrCode: _id,
        what: 'cart',
      }),
  }),
)

builder.mutationField('ordersChangeStatus', (t) =>
  t.field({
    type: OrderType,
    permission: 'ordersChangeStatus',
    description:
      'Sets the status of an order, here and not at the shop. It stands until the app says something newer of it.',
    args: {
      _id: t.arg.string({ required: true, description: 'Its _id, or its code at the shop.' }),
      status: t.arg.string({
        required: true,
        description: `Such as ${ORDER_STATUSES.join(', ')}, or one of the shop's own; at most ${MAX_STATUS_CHARACTERS} characters.`,
      }),
    },
    resolve: (_root, { _id, status }, { context, caller }) =>
      changeOrderStatus(context, caller, { idOrCode: _id, status }),
  }),
)
