/** Orders and abandoned carts (10b section 4.4: no published type; ours in the same style). Money is answered in its exact text. */
import { CART_TYPE, ORDER_TYPE } from '../record/content-type.ts'
import { findRecord } from '../record/find.ts'
import type { ListedRecord } from '../record/store.ts'
import { builder } from './builder.ts'
import { CustomerType, customerOf } from './customer-type.ts'
import { type Page, PaginationInfo, pageArgs } from './pagination.ts'
import { textField, timeField } from './record-fields.ts'
import { readRecords, recordArgs } from './record-list.ts'

const ORDER_TEXTS = [
  'orderNumber',
  'paymentStatus',
  'fulfillmentStatus',
  'currency',
  'subtotal',
  'discount',
  'shipping',
  'tax',
  'totalAmount',
  'customerCode',
  'note',
] as const
const ORDER_VALUES = ['items', 'couponCodes', 'shippingAddress', 'billingAddress'] as const

const OrderType = builder.objectRef<ListedRecord>('Order').implement({
  description: 'An order of a shop. Amounts are exact decimals, as text.',
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    ns: t.exposeString('ns', { nullable: false, description: 'The app that it came from.' }),
    code: t.exposeString('code', { nullable: false, description: 'Its id at the shop.' }),
    status: t.exposeString('status'),
    ...Object.fromEntries(
      ORDER_TEXTS.map((field) => [field, t.string({ resolve: (order) => textField(order, field) })]),
    ),
    ...Object.fromEntries(
      ORDER_VALUES.map((field) => [field, t.field({ type: 'JSON', resolve: ({ data }) => data[field] })]),
    ),
    placedAt: t.field({ type: 'Date', resolve: (order) => timeField(order, 'placedAt') }),
    updatedAt: t.field({
      type: 'Date',
      description: 'By the clock of the shop.',
      resolve: (order) => timeField(order, 'updatedAt'),
    }),
    customerId: t.exposeString('customerId'),
    customer: t.field({
      type: CustomerType,
      resolve: ({ customerId }, _args, request) =>
        customerId === null || !request.caller.can('showCustomers')
          ? null
          : customerOf(request).load(customerId),
      description: 'Whose it is; null too without the permission showCustomers.',
    }),
    extra: t.expose('extra', { type: 'JSON', description: 'What the app maps besides the known fields.' }),
    partial: t.exposeBoolean('partial', {
      nullable: false,
      description: 'Only updates of it were seen yet, not the whole.',
    }),
    createdAt: t.expose('createdAt', { type: 'Date', description: 'First seen.' }),
    modifiedAt: t.expose('updatedAt', { type: 'Date' }),
  }),
})

const CartType = builder.objectRef<ListedRecord>('AbandonedCart').implement({
  description: 'A cart that was left. Amounts are exact decimals, as text.',
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    ns: t.exposeString('ns', { nullable: false, description: 'The app that it came from.' }),
    code: t.exposeString('code', { nullable: false, description: 'Its id at the shop.' }),
    status: t.exposeString('status'),
    currency: t.string({ resolve: (cart) => textField(cart, 'currency') }),
    totalAmount: t.string({ resolve: (cart) => textField(cart, 'totalAmount') }),
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
    checkoutUrl: t.string({ resolve: (cart) => textField(cart, 'checkoutUrl') }),
    abandonedAt: t.field({ type: 'Date', resolve: (cart) => timeField(cart, 'abandonedAt') }),
    updatedAt: t.field({
      type: 'Date',
      description: 'By the clock of the shop.',
      resolve: (cart) => timeField(cart, 'updatedAt'),
    }),
    extra: t.expose('extra', { type: 'JSON', description: 'What the app maps besides the known fields.' }),
    createdAt: t.expose('createdAt', { type: 'Date', description: 'First seen.' }),
    modifiedAt: t.expose('updatedAt', { type: 'Date' }),
  }),
})

const OrderListResponse = builder.objectRef<Page<ListedRecord>>('OrderListResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [OrderType], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

const CartListResponse = builder.objectRef<Page<ListedRecord>>('AbandonedCartListResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [CartType], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

const narrowingArgs = builder.args((t) => ({
  customerId: t.string({ description: 'Those of one customer.' }),
  from: t.field({ type: 'Date', description: 'From this moment on.' }),
  until: t.field({ type: 'Date', description: 'Before this moment.' }),
}))

builder.queryField('orders', (t) =>
  t.field({
    type: OrderListResponse,
    permission: 'showOrders',
    description: 'The orders of the workspace, by when they were placed, newest first.',
    args: { ...pageArgs, ...recordArgs, ...narrowingArgs },
    resolve: (_root, args, request) =>
      readRecords(request, { name: 'orders', contentType: ORDER_TYPE }, args),
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
    args: { ...pageArgs, ...recordArgs, ...narrowingArgs },
    resolve: (_root, args, request) =>
      readRecords(request, { name: 'abandonedCarts', contentType: CART_TYPE }, args),
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
