/** Products and categories that people make and change (10b section 4.3), read into the form that is kept. */
import type { Caller } from '../account/app-token.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { findCategory } from './category-tree.ts'
import { CATEGORY_TYPE, PRODUCT_TYPE } from './content-type.ts'
import { addRecord, BY_HAND, editRecord } from './edit-record.ts'
import { findRecord } from './find.ts'
import type { ListedRecord } from './list.ts'

type Editing = Pick<Context, 'db' | 'now'>
type Fields = Readonly<Record<string, unknown>>

export const PRODUCT = { contentType: PRODUCT_TYPE, what: 'product' } as const
export const CATEGORY = { contentType: CATEGORY_TYPE, what: 'category' } as const
type CatalogueKind = typeof PRODUCT | typeof CATEGORY

/** What a new one has unless it is said otherwise. */
const DEFAULTS = {
  product: { status: 'active', unlimitedQuantity: false, isAvailable: true },
  category: { status: 'active' },
} as const

/** The argument that names a category, and the field that keeps its code. */
const CATEGORY_FIELDS = {
  product: { argument: 'categoryId', field: 'categoryCode' },
  category: { argument: 'parentId', field: 'parentCode' },
} as const

/** Kept in exact decimals (specification 6.6). */
const MONEY_FIELDS = ['unitPrice', 'salePrice', 'costPrice', 'compareAtPrice']

/**
 * @param said by the published names
 * @throws ApiError BAD_USER_INPUT where a value cannot be kept, or the code is taken; NOT_FOUND of its category
 */
export async function addToCatalogue(
  context: Editing,
  caller: Caller,
  { kind, said }: { kind: CatalogueKind; said: Fields },
): Promise<ListedRecord> {
  const { name } = said
  if (typeof name !== 'string' || name.trim() === '') {
    throw new ApiError('BAD_USER_INPUT', `name is missing: a ${kind.what} has one.`)
  }
  const kept = await readFields(context, caller, { kind, said, ns: BY_HAND })
  const fields = { ...DEFAULTS[kind.what], slug: slugOf(name), ...kept }
  return addRecord(context, caller, { ...kind, fields })
}

/**
 * Of what an app brought too: what is said stands until the app says something newer.
 *
 * @param change.said what is said, by the published names; null clears
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT where a value cannot be kept
 */
export async function editInCatalogue(
  context: Editing,
  caller: Caller,
  { kind, idOrCode, said }: { kind: CatalogueKind; idOrCode: string; said: Fields },
): Promise<ListedRecord> {
  const { workspaceId } = caller
  const { id, ns, code } = await findRecord(context, { workspaceId, idOrCode, ...kind })
  if (said['code'] != null && said['code'] !== code) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `The code of a ${kind.what} names it and stays ${JSON.stringify(code)}.`,
    )
  }
  const fields = await readFields(context, caller, { kind, said, ns })
  return editRecord(context, caller, { ...kind, idOrCode: id, fields })
}

async function readFields(
  context: Editing,
  { workspaceId }: Caller,
  { kind, said, ns }: { kind: CatalogueKind; said: Fields; ns: string },
): Promise<Fields> {
  const { argument, field } = CATEGORY_FIELDS[kind.what]
  const { [argument]: categoryId, externalUrl, ...others } = said
  const fields: Record<string, unknown> = { ...others }
  if (externalUrl !== undefined) fields['url'] = externalUrl
  for (const name of MONEY_FIELDS) if (fields[name] != null) fields[name] = moneyText(name, fields[name])
  if (categoryId === undefined) return fields
  if (categoryId === null) return { ...fields, [field]: null }
  const category = await findCategory(context, { workspaceId, idOrCode: String(categoryId) })
  if (category.ns === ns) return { ...fields, [field]: category.code }
  const owner = (of: string) => (of === BY_HAND ? 'was made by hand' : `comes from the app ${of}`)
  throw new ApiError(
    'BAD_USER_INPUT',
    `${argument}: the category ${owner(category.ns)}, the ${kind.what} ${owner(ns)}. Choose a category of the same origin.`,
  )
}

/** Numbers whose text has no exponent, and that are no mistake. */
const MAX_MONEY = 1e15
const MIN_MONEY = 1e-6

function moneyText(name: string, value: unknown): string {
  const size = typeof value === 'number' ? Math.abs(value) : Number.NaN
  if (size === 0 || (size >= MIN_MONEY && size <= MAX_MONEY)) return String(value)
  throw new ApiError('BAD_USER_INPUT', `${name} must be an amount of at most ${MAX_MONEY}.`)
}

/** The name in an address: its letters and digits in lower case, whatever the script. */
function slugOf(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
}
