/** Products (10b section 4.3). */
import { ApiError } from '../errors.ts'
import { categoryWithDescendants } from '../record/category-tree.ts'
import { addToCatalogue, editInCatalogue, PRODUCT } from '../record/edit-catalogue.ts'
import { removeRecords } from '../record/edit-record.ts'
import type { RecordFilter } from '../record/filter.ts'
import { findRecord } from '../record/find.ts'
import { MAX_GROUPS } from '../record/list.ts'
import { RECORD_SORTS } from '../record/sort.ts'
import { countProductsByTag } from '../record/tagged.ts'
import { builder } from './builder.ts'
import { listResponse } from './list-response.ts'
import { pageArgs } from './pagination.ts'
import { AttachmentInput } from './product-parts.ts'
import { ProductType, productFields } from './product-type.ts'
import { readRecords, recordArgs } from './record-list.ts'
import type { RequestContext } from './request-context.ts'
import { readSort, sortArgs } from './sort-args.ts'

const ProductListResponse = listResponse('ProductListResponse', ProductType)

const { code, name, status, createdAt, updatedAt } = RECORD_SORTS
const SORTS = { code, name, status, createdAt, updatedAt }

builder.queryField('products', (t) =>
  t.field({
    type: ProductListResponse,
    permission: 'showProducts',
    description: 'The products that apps know and people made, by their code.',
    args: {
      ...pageArgs,
      ...recordArgs,
      ...sortArgs(SORTS, 'code'),
      type: t.arg.string(),
      vendorId: t.arg.string(),
      tag: t.arg.string({ description: 'The _id of a tag that they carry themselves.' }),
      categoryId: t.arg.string({ description: 'Those of this category and all below it.' }),
      categoryCode: t.arg.string({ description: 'Those of one category, whatever the app.' }),
      excludeIds: t.arg.boolean({ description: 'All but those of `ids`.' }),
      excludeCodes: t.arg.boolean({ description: 'All but those of `codes`.' }),
    },
    resolve: async (_root, args, request) => {
      const chosen = readSort(args, SORTS, { key: code, direction: 'asc' })
      const narrowed = await narrow(request, args)
      return readRecords(request, { ...PRODUCT, name: 'products', narrowed, ...chosen }, args)
    },
  }),
)

interface ProductArguments {
  type?: string | null | undefined
  vendorId?: string | null | undefined
  tag?: string | null | undefined
  categoryId?: string | null | undefined
  categoryCode?: string | null | undefined
  ids?: readonly string[] | null | undefined
  excludeIds?: boolean | null | undefined
  codes?: readonly string[] | null | undefined
  excludeCodes?: boolean | null | undefined
}

async function narrow(
  { context, caller }: RequestContext,
  args: ProductArguments,
): Promise<Partial<RecordFilter>> {
  const { type, vendorId, tag, categoryId, categoryCode, ids, excludeIds, codes, excludeCodes } = args
  const data = { ...(type && { type }), ...(vendorId && { vendorId }) }
  const of = { workspaceId: caller.workspaceId, idOrCode: categoryId ?? '' }
  return {
    ...(Object.keys(data).length > 0 && { data }),
    ...(categoryId && { categories: await categoryWithDescendants(context, of) }),
    ...(tag && { tag }),
    ...(categoryCode && { categoryCode }),
    ...(excludeIds && ids && { exceptIds: ids }),
    ...(excludeCodes && codes && { exceptCodes: codes }),
  }
}

builder.queryField('productDetail', (t) =>
  t.field({
    type: ProductType,
    permission: 'showProducts',
    description: 'One product.',
    args: { _id: t.arg.string({ description: 'Its _id, or its code at the shop.' }) },
    resolve: (_root, { _id }, { context, caller }) =>
      findRecord(context, { workspaceId: caller.workspaceId, idOrCode: _id ?? '', ...PRODUCT }),
  }),
)

builder.queryField('productCountByTags', (t) =>
  t.field({
    type: 'JSON',
    permission: 'showProducts',
    description: `How many products carry each tag, by its _id; at most the ${MAX_GROUPS} largest.`,
    resolve: (_root, _args, { context, caller }) =>
      countProductsByTag(context.db.sql, caller.workspaceId, MAX_GROUPS),
  }),
)

const productArgs = builder.args((t) => {
  const each = <Field>(kind: Parameters<typeof productFields>[0], field: () => Field) =>
    Object.fromEntries(productFields(kind).map((field_) => [field_, field()] as const))
  return {
    name: t.string(),
    code: t.string({ description: 'Names it, and stays as it is. Chosen for a new one that has none.' }),
    status: t.string({ description: 'Of a new one by default active.' }),
    slug: t.string({ description: 'Of a new one by default made of the name.' }),
    ...each('String', () => t.string()),
    ...each('Float', () => t.float()),
    compareAtPrice: t.float({ description: 'Can be written and not read.' }),
    ...each('Int', () => t.int()),
    ...each('Boolean', () => t.boolean()),
    ...each('StringList', () => t.stringList()),
    ...each('Date', () => t.field({ type: 'Date' })),
    ...each('JSON', () => t.field({ type: 'JSON' })),
    categoryId: t.string({ description: 'A category of the same origin; null: none.' }),
    externalUrl: t.string(),
    productOptions: t.field({ type: 'JSON' }),
    productVariants: t.field({ type: 'JSON' }),
    priceRange: t.field({ type: 'JSON' }),
    dimensions: t.field({ type: 'JSON' }),
    inventory: t.field({ type: 'JSON' }),
    seo: t.field({ type: 'JSON' }),
    attachment: t.field({ type: AttachmentInput }),
    attachmentMore: t.field({ type: [AttachmentInput] }),
    media: t.field({ type: [AttachmentInput] }),
  }
})

builder.mutationField('productsAdd', (t) =>
  t.field({
    type: ProductType,
    permission: 'manageProducts',
    description: 'Makes a product by hand.',
    args: productArgs,
    resolve: (_root, said, { context, caller }) => addToCatalogue(context, caller, { kind: PRODUCT, said }),
  }),
)

builder.mutationField('productsEdit', (t) =>
  t.field({
    type: ProductType,
    permission: 'manageProducts',
    description:
      'Changes a product, here and not at the shop. What is not said stays, null clears; what an app says later stands again.',
    args: { _id: t.arg.string({ required: true }), ...productArgs },
    resolve: (_root, { _id, ...said }, { context, caller }) =>
      editInCatalogue(context, caller, { kind: PRODUCT, idOrCode: _id, said }),
  }),
)

builder.mutationField('productsRemove', (t) =>
  t.string({
    permission: 'removeProducts',
    description:
      'Removes products, here and not at the shop; what an app says of one later brings it back. Answers how many were removed.',
    args: { productIds: t.arg({ type: ['String'] }) },
    resolve: async (_root, { productIds }, { context, caller }) => {
      if (!productIds?.length) throw new ApiError('BAD_USER_INPUT', 'productIds is empty: name the products.')
      const removed = await removeRecords(context, caller, {
        contentType: PRODUCT.contentType,
        ids: productIds,
      })
      return `${removed.length} removed`
    },
  }),
)
