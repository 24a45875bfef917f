/** Products (10b section 4.3): the published fields, of which apps map some and people write all. */
import { CATEGORY_TYPE } from '../record/content-type.ts'
import { type ListedRecord, listRecords } from '../record/list.ts'
import { builder } from './builder.ts'
import { CategoryType } from './category-type.ts'
import { defineLoader } from './loader.ts'
import {
  Attachment,
  PriceRange,
  ProductDimensions,
  ProductInventory,
  ProductOption,
  ProductSEO,
  ProductVariant,
  partOf,
  partsOf,
  scalarOf,
} from './product-parts.ts'
import { numberField, textField, textsOf, timeField } from './record-fields.ts'
import { TagType, tagIdsOf, tagsOf } from './tag-type.ts'

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

/** Fields that are answered as they are stored, by kind. Amounts are stored in their exact text. */
export const PRODUCT_FIELDS = {
  String: 'shortName slug type description currency uom taxType taxCode sku mpn gtin weightUnit vendorId',
  Float: 'unitPrice salePrice costPrice weight',
  Int: 'maxPerOrder maxPerCustomer',
  Boolean: 'requireShipping unlimitedQuantity isAvailable hideQuantity',
  StringList: 'barcodes channels',
  Date: 'publishedAt saleStart saleEnd',
  JSON: 'subUoms customFieldsData',
} as const

/** The names of {@link PRODUCT_FIELDS} of one kind. */
export function productFields(kind: keyof typeof PRODUCT_FIELDS): string[] {
  return PRODUCT_FIELDS[kind].split(' ')
}

export const ProductType = builder.objectRef<ListedRecord>('Product')

ProductType.implement({
  fields: (t) => {
    const each = <Field>(kind: keyof typeof PRODUCT_FIELDS, field: (name: string) => Field) =>
      Object.fromEntries(productFields(kind).map((name) => [name, field(name)] as const))
    return {
      ...each('String', (name) => t.string({ resolve: (product) => textField(product, name) })),
      ...each('Float', (name) =>
        t.float({
          ...(name === 'unitPrice' && { description: 'The nearest number; unitPriceText is exact.' }),
          resolve: (product) => numberField(product, name),
        }),
      ),
      ...each('Int', (name) =>
        t.int({ resolve: ({ data }) => scalarOf('Int', data[name]) as number | null }),
      ),
      ...each('Boolean', (name) =>
        t.boolean({ resolve: ({ data }) => scalarOf('Boolean', data[name]) as boolean | null }),
      ),
      ...each('StringList', (name) => t.stringList({ resolve: ({ data }) => textsOf(data[name]) })),
      ...each('Date', (name) => t.field({ type: 'Date', resolve: (product) => timeField(product, name) })),
      ...each('JSON', (name) => t.field({ type: 'JSON', resolve: ({ data }) => data[name] })),
    }
  },
})

builder.objectFields(ProductType, (t) => ({
  _id: t.exposeString('id', { nullable: false }),
  name: t.exposeString('name'),
  status: t.exposeString('status'),
  code: t.exposeString('code'),
  unitPriceText: t.string({
    description: 'The exact decimal.',
    resolve: (product) => textField(product, 'unitPrice'),
  }),
  vendorName: t.string({ resolve: (product) => textField(product, 'vendor') }),
  quantity: t.float({ resolve: (product) => numberField(product, 'quantity') }),
  imageUrl: t.string({ resolve: (product) => textField(product, 'imageUrl') }),
  externalUrl: t.string({
    description: 'Its page in the shop.',
    resolve: (product) => textField(product, 'url'),
  }),
  variants: t.field({ type: 'JSON', resolve: ({ data }) => data['variants'] }),
  attributes: t.field({ type: 'JSON', resolve: ({ data }) => data['attributes'] }),
  tagIds: t.stringList({
    nullable: false,
    description: 'Set them with tagsTag.',
    resolve: ({ id }, _args, request) => tagIdsOf(request).load(id),
  }),
  getTags: t.field({
    type: [TagType],
    nullable: false,
    resolve: ({ id }, _args, request) => tagsOf(request, id),
  }),
  categoryCode: t.exposeString('categoryCode'),
  categoryId: t.string({
    resolve: async (product, _args, request) => (await loadCategory(product, request))?.id ?? null,
  }),
  category: t.field({
    type: CategoryType,
    resolve: (product, _args, request) => loadCategory(product, request),
  }),
  source: t.string({
    description: 'The app that it came from; null where somebody made it by hand.',
    resolve: ({ ns }) => ns || null,
  }),
  extra: t.expose('extra', { type: 'JSON', description: 'What the app maps besides the known fields.' }),
  createdAt: t.expose('createdAt', { type: 'Date' }),
  updatedAt: t.expose('updatedAt', { type: 'Date' }),
}))

builder.objectFields(ProductType, (t) => ({
  attachment: t.field({ type: Attachment, resolve: ({ data }) => partOf(data['attachment']) }),
  attachmentMore: t.field({ type: [Attachment], resolve: ({ data }) => partsOf(data['attachmentMore']) }),
  media: t.field({ type: [Attachment], resolve: ({ data }) => partsOf(data['media']) }),
  productOptions: t.field({ type: [ProductOption], resolve: ({ data }) => partsOf(data['productOptions']) }),
  productVariants: t.field({
    type: [ProductVariant],
    resolve: ({ data }) => partsOf(data['productVariants']),
  }),
  hasVariants: t.boolean({
    nullable: false,
    resolve: ({ data }) => partsOf(data['productVariants']).length + partsOf(data['variants']).length > 0,
  }),
  priceRange: t.field({ type: PriceRange, resolve: ({ data }) => partOf(data['priceRange']) }),
  dimensions: t.field({ type: ProductDimensions, resolve: ({ data }) => partOf(data['dimensions']) }),
  inventory: t.field({ type: ProductInventory, resolve: ({ data }) => partOf(data['inventory']) }),
  seo: t.field({ type: ProductSEO, resolve: ({ data }) => partOf(data['seo']) }),
}))

function loadCategory({ ns, categoryCode }: ListedRecord, request: Parameters<typeof categoryOf>[0]) {
  return categoryCode === null ? null : categoryOf(request).load(`${ns}\n${categoryCode}`)
}
