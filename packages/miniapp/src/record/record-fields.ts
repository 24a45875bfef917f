/** What the fields of a record hold (specification 6.6). */
export type FieldKind =
  /** Kept as it came. */
  | 'any'
  /** A stable id of the provider: text, numbers by their digits. */
  | 'code'
  /** Exact decimal text. */
  | 'money'
  | 'number'
  /** ISO 8601 in UTC. */
  | 'time'
  /** `YYYY-MM-DD`. */
  | 'day'
  | 'email'
  | 'phone'
  | 'state'
  | 'items'

/** `updatedAt` protects newer states from older events (6.5). */
const CUSTOMER = {
  code: 'code',
  firstName: 'any',
  lastName: 'any',
  primaryEmail: 'email',
  primaryPhone: 'phone',
  avatar: 'any',
  sex: 'number',
  birthDate: 'day',
  position: 'any',
  department: 'any',
  state: 'state',
  tags: 'any',
  updatedAt: 'time',
} as const satisfies Fields

const PRODUCT = {
  code: 'code',
  name: 'any',
  description: 'any',
  sku: 'any',
  unitPrice: 'money',
  currency: 'any',
  categoryCode: 'code',
  vendor: 'any',
  status: 'any',
  quantity: 'number',
  imageUrl: 'any',
  url: 'any',
  variants: 'any',
  attributes: 'any',
  updatedAt: 'time',
} as const satisfies Fields

const ORDER = {
  code: 'code',
  orderNumber: 'any',
  status: 'any',
  paymentStatus: 'any',
  fulfillmentStatus: 'any',
  currency: 'any',
  subtotal: 'money',
  discount: 'money',
  shipping: 'money',
  tax: 'money',
  totalAmount: 'money',
  items: 'items',
  customerCode: 'code',
  couponCodes: 'any',
  shippingAddress: 'any',
  billingAddress: 'any',
  note: 'any',
  placedAt: 'time',
  updatedAt: 'time',
} as const satisfies Fields

const CART = {
  code: 'code',
  status: 'any',
  currency: 'any',
  totalAmount: 'money',
  items: 'items',
  customerCode: 'code',
  checkoutUrl: 'any',
  abandonedAt: 'time',
  updatedAt: 'time',
} as const satisfies Fields

type Fields = Readonly<Record<string, FieldKind>>

/** By content type; other types are generic and know only {@link GENERIC_FIELDS}. */
export const RECORD_FIELDS = {
  'core:customer': CUSTOMER,
  'core:product': PRODUCT,
  'core:category': { code: 'code', name: 'any', parentCode: 'code' },
  'ecommerce:orders': ORDER,
  'ecommerce:abandonedCarts': CART,
} as const satisfies Record<string, Fields>

/** Of a record type of its own: everything else is kept as it came. */
export const GENERIC_FIELDS = {
  code: 'code',
  customerCode: 'code',
  categoryCode: 'code',
  updatedAt: 'time',
} as const satisfies Fields

/** Of a line item, with where a provider's own item has it. The first that fits wins. */
export const ITEM_FIELDS = {
  code: { kind: 'code', from: ['id', 'product_id', 'variant_id'] },
  sku: { kind: 'any', from: [] },
  name: { kind: 'any', from: ['title', 'product_name'] },
  quantity: { kind: 'number', from: ['qty'] },
  unitPrice: { kind: 'money', from: ['price', 'unit_price', 'price.amount'] },
  total: { kind: 'money', from: ['total.amount'] },
  imageUrl: { kind: 'any', from: [] },
} as const satisfies Record<string, { kind: Exclude<FieldKind, 'items'>; from: readonly string[] }>

/** Content types by the `recordType` of a handler. */
export const CONTENT_TYPES = {
  order: 'ecommerce:orders',
  abandonedCart: 'ecommerce:abandonedCarts',
  customer: 'core:customer',
  product: 'core:product',
} as const satisfies Record<string, keyof typeof RECORD_FIELDS>
