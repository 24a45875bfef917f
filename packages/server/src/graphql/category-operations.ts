/** Categories of products (10b section 4.3). */
import { categoryWithDescendants, findCategory } from '../record/category-tree.ts'
import { addToCatalogue, CATEGORY, editInCatalogue } from '../record/edit-catalogue.ts'
import { removeRecords } from '../record/edit-record.ts'
import type { RecordFilter } from '../record/filter.ts'
import { RECORD_SORTS } from '../record/sort.ts'
import { builder } from './builder.ts'
import { CategoryType } from './category-type.ts'
import { listResponse } from './list-response.ts'
import { pageArgs } from './pagination.ts'
import { AttachmentInput } from './product-parts.ts'
import { readRecords, recordArgs } from './record-list.ts'
import type { RequestContext } from './request-context.ts'

const CategoryListResponse = listResponse('ProductCategoryListResponse', CategoryType)

/** What lists of categories leave out unless they are asked for by their status. */
const HIDDEN_STATUSES = ['disabled', 'archived']

builder.queryField('productCategories', (t) =>
  t.field({
    type: CategoryListResponse,
    permission: 'showProducts',
    description: 'The categories that apps know and people made, newest first.',
    args: {
      ...pageArgs,
      ...recordArgs,
      status: t.arg.string({ description: 'Without it those that are disabled or archived are left out.' }),
      parentId: t.arg.string({ description: 'Those below this category.' }),
      withChild: t.arg.boolean({ description: 'With parentId: itself and all below it, not one level.' }),
    },
    resolve: async (_root, args, request) => {
      const sort = { key: RECORD_SORTS.happenedAt, direction: 'desc' } as const
      const narrowed = {
        ...(await below(request, args)),
        ...(!args.status && { exceptStatuses: HIDDEN_STATUSES }),
      }
      const list = { ...CATEGORY, name: 'productCategories', narrowed, sort, order: undefined }
      return readRecords(request, list, args)
    },
  }),
)

async function below(
  { context, caller }: RequestContext,
  { parentId, withChild }: { parentId?: string | null | undefined; withChild?: boolean | null | undefined },
): Promise<Partial<RecordFilter>> {
  if (!parentId) return {}
  const wanted = { workspaceId: caller.workspaceId, idOrCode: parentId }
  if (withChild !== true) return { parents: [await findCategory(context, wanted)] }
  return { keys: await categoryWithDescendants(context, wanted) }
}

builder.queryField('productCategoryDetail', (t) =>
  t.field({
    type: CategoryType,
    permission: 'showProducts',
    description: 'One category.',
    args: { _id: t.arg.string({ description: 'Its _id, or its code at the shop.' }) },
    resolve: (_root, { _id }, { context, caller }) =>
      findCategory(context, { workspaceId: caller.workspaceId, idOrCode: _id ?? '' }),
  }),
)

const categoryArgs = builder.args((t) => ({
  name: t.string({ required: true }),
  code: t.string({ required: true, description: 'Names it, and stays as it is.' }),
  description: t.string(),
  parentId: t.string({ description: 'The category above, of the same origin; null: none.' }),
  slug: t.string({ description: 'Default: made of the name.' }),
  attachment: t.field({ type: AttachmentInput }),
  status: t.string({ description: 'Of a new one by default active.' }),
  seo: t.field({ type: 'JSON' }),
}))

builder.mutationField('productCategoriesAdd', (t) =>
  t.field({
    type: CategoryType,
    permission: 'manageProducts',
    description: 'Makes a category by hand.',
    args: categoryArgs,
    resolve: (_root, args, { context, caller }) =>
      addToCatalogue(context, caller, { kind: CATEGORY, said: args }),
  }),
)

builder.mutationField('productCategoriesEdit', (t) =>
  t.field({
    type: CategoryType,
    permission: 'manageProducts',
    description: 'Changes a category. What is not said stays; what an app says later stands again.',
    args: { _id: t.arg.string({ required: true }), ...categoryArgs },
    resolve: (_root, { _id, ...said }, { context, caller }) =>
      editInCatalogue(context, caller, { kind: CATEGORY, idOrCode: _id, said }),
  }),
)

builder.mutationField('productCategoriesRemove', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageProducts',
    description: 'Removes a category; its products keep its code. Answers the ids of what was removed.',
    args: { _id: t.arg.string({ required: true }) },
    resolve: async (_root, { _id }, { context, caller }) => {
      const { id } = await findCategory(context, { workspaceId: caller.workspaceId, idOrCode: _id })
      return removeRecords(context, caller, { contentType: CATEGORY.contentType, ids: [id] })
    },
  }),
)
