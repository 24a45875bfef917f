import type { ListedRecord } from '../record/list.ts'
import { builder } from './builder.ts'
import { Attachment, ProductSEO, partOf } from './product-parts.ts'
import { textField } from './record-fields.ts'

export const CategoryType = builder.objectRef<ListedRecord>('ProductCategory')

CategoryType.implement({
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    name: t.exposeString('name'),
    description: t.string({ resolve: (category) => textField(category, 'description') }),
    code: t.exposeString('code', { nullable: false }),
    slug: t.string({ resolve: (category) => textField(category, 'slug') }),
    parentCode: t.string({
      description: 'Code of the category above.',
      resolve: (category) => textField(category, 'parentCode'),
    }),
    isRoot: t.boolean({
      nullable: false,
      description: 'Whether no category stands above it.',
      resolve: (category) => textField(category, 'parentCode') === null,
    }),
    attachment: t.field({ type: Attachment, resolve: ({ data }) => partOf(data['attachment']) }),
    seo: t.field({ type: ProductSEO, resolve: ({ data }) => partOf(data['seo']) }),
    status: t.exposeString('status'),
    ns: t.string({
      description: 'The app that it came from; null where somebody made it by hand.',
      resolve: ({ ns }) => ns || null,
    }),
    createdAt: t.expose('createdAt', { type: 'Date' }),
    updatedAt: t.expose('updatedAt', { type: 'Date' }),
  }),
})
