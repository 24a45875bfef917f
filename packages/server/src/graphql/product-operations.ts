/** Products and their categories (10b section 4.3): the published fields that apps map. */
import { CATEGORY_TYPE, PRODUCT_TYPE } from '../record/content-type.ts'
import { findRecord } from '../record/find.ts'
import { type ListedRecord, listRecords } from '../record/store.ts'
import { builder } from './builder.ts'
import { defineLoader } from './loader.ts'
import { type Page, PaginationInfo, pageArgs } from './pagination.ts'
import { numberField, textField } from './record-fields.ts'
import { readRecords, recordArgs } from './record-list.ts'

const CategoryType = builder.objectRef<ListedRecord>('ProductCategory').implement({
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    name: t.exposeString('name'),
    description: t.string({ resolve: (category) => textField(category, 'description') }),
    code: t.exposeString('code', { nullable: false }),
    parentCode: t.string({
      description: 'Code of the category above.',
      resolve: (category) => textField(category, 'parentCode'),
    }),
    status: t.exposeString('status'),
    ns: t.exposeString('ns', { nullable: false, description: 'The app that it came from.' }),
    createdAt: t.expose('createdAt', { type: 'Date' }),
    updatedAt: t.expose('updatedAt', { type: 'Date' }),
  }),
})

/** Of the same app: codes are the app's own. A code and a `ns` hold no line break. */
const categoryOf = defineLoader<string, ListedRecord | null>(async ({ context, caller }, names) => {
  const codes = [...new Set(names.map((name) => name.slice(name.indexOf('\n') + 1)))]
  const filter = { workspaceId: caller.workspaceId, contentType: CATEGORY_TYPE, codes, archived: true }
  // Several apps may use one code.
  const found = await listRecords(context.db.sql, filter, { limit: MAX_CATEGORIES, offset: 0 })
  const byName = new Map(found.map((category) => [`${category.ns}\n${category.code}`, category]))
  return names.map((name) => byName.get(name) ?? null)
})

/** A page of products names at most as many codes as it has rows, and a workspace has a handful of apps that use each. */
const MAX_CATEGORIES = 2_000

const ProductType = builder.objectRef<ListedRecord>('Product').implement({
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    name: t.exposeString('name'),
    status: t.exposeString('status'),
    code: t.exposeString('code'),
    description: t.string({ resolve: (product) => textField(product, 'description') }),
    unitPrice: t.float({
      description: 'The nearest number; unitPriceText is exact.',
      resolve: (product) => numberField(product, 'unitPrice'),
    }),
    unitPriceText: t.string({
      description: 'The exact decimal.',
      resolve: (product) => textField(product, 'unitPrice'),
    }),
    currency: t.string({ resolve: (product) => textField(product, 'currency') }),
    sku: t.string({ resolve: (product) => textField(product, 'sku') }),
    vendorName: t.string({ resolve: (product) => textField(product, 'vendor') }),
    quantity: t.float({ resolve: (product) => numberField(product, 'quantity') }),
    imageUrl: t.string({ resolve: (product) => textField(product, 'imageUrl') }),
    externalUrl: t.string({
      description: 'Its page in the shop.',
      resolve: (product) => textField(product, 'url'),
    }),
    variants: t.field({ type: 'JSON', resolve: ({ data }) => data['variants'] }),
    attributes: t.field({ type: 'JSON', resolve: ({ data }) => data['attributes'] }),
    categoryCode: t.exposeString('categoryCode'),
    category: t.field({
      type: CategoryType,
      resolve: ({ ns, categoryCode }, _args, request) =>
        categoryCode === null ? null : categoryOf(request).load(`${ns}\n${categoryCode}`),
    }),
    source: t.exposeString('ns', { description: 'The app that it came from.' }),
    extra: t.expose('extra', { type: 'JSON', description: 'What the app maps besides the known fields.' }),
    createdAt: t.expose('createdAt', { type: 'Date' }),
    updatedAt: t.expose('updatedAt', { type: 'Date' }),
  }),
})

const ProductListResponse = builder.objectRef<Page<ListedRecord>>('ProductListResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [ProductType], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

const CategoryListResponse = builder.objectRef<Page<ListedRecord>>('ProductCategoryListResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [CategoryType], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

builder.queryField('products', (t) =>
  t.field({
    type: ProductListResponse,
    permission: 'showProducts',
    description: 'The products that apps know, newest first.',
    args: {
      ...pageArgs,
      ...recordArgs,
      categoryCode: t.arg.string({ description: 'Those of one category.' }),
    },
    resolve: (_root, args, request) =>
      readRecords(request, { name: 'products', contentType: PRODUCT_TYPE }, args),
  }),
)

builder.queryField('productDetail', (t) =>
  t.field({
    type: ProductType,
    permission: 'showProducts',
    description: 'One product.',
    args: { _id: t.arg.string({ description: 'Its _id, or its code at the shop.' }) },
    resolve: (_root, { _id }, { context, caller }) =>
      findRecord(context, {
        workspaceId: caller.workspaceId,
        contentType: PRODUCT_TYPE,
        idOrCode: _id ?? '',
        what: 'product',
      }),
  }),
)

builder.queryField('productCategories', (t) =>
  t.field({
    type: CategoryListResponse,
    permission: 'showProducts',
    description: 'The categories that apps know, newest first.',
    args: { ...pageArgs, ...recordArgs },
    resolve: (_root, args, request) =>
      readRecords(request, { name: 'productCategories', contentType: CATEGORY_TYPE }, args),
  }),
)

builder.queryField('productCategoryDetail', (t) =>
  t.field({
    type: CategoryType,
    permission: 'showProducts',
    description: 'One category.',
    args: { _id: t.arg.string({ description: 'Its _id, or its code at the shop.' }) },
    resolve: (_root, { _id }, { context, caller }) =>
      findRecord(context, {
        workspaceId: caller.workspaceId,
        contentType: CATEGORY_TYPE,
        idOrCode: _id ?? '',
        what: 'category',
      }),
  }),
)
