/** The published parts of products (10b section 4.3): whatever was stored, answered in their shapes. */
import { builder } from './builder.ts'
import { textsOf } from './record-fields.ts'

type Part = Readonly<Record<string, unknown>>
type PartRef = ReturnType<typeof builder.objectRef<Part>>

const READ = {
  String: (value: unknown) =>
    typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null,
  Float: (value: unknown) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    return typeof number === 'number' && Number.isFinite(number) ? number : null
  },
  Int: (value: unknown) =>
    typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : null,
  Boolean: (value: unknown) => (typeof value === 'boolean' ? value : null),
} as const

type Kind = keyof typeof READ

const kindsOf = (fields: Partial<Record<Kind, string>>): [string, Kind][] =>
  Object.entries(fields).flatMap(([kind, names]) =>
    names.split(' ').map((name) => [name, kind as Kind] as [string, Kind]),
  )

/** @param fields names by kind, each list in one text */
function part(
  name: string,
  fields: Partial<Record<Kind, string>>,
  parts: Record<string, PartRef | [PartRef]> = {},
): PartRef {
  const ref = builder.objectRef<Part>(name)
  ref.implement({
    fields: (t) => ({
      ...Object.fromEntries(
        kindsOf(fields).map(([field, kind]) => [
          field,
          t.field({ type: kind, resolve: (value) => READ[kind](value[field]) }),
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(parts).map(([field, type]) => [
          field,
          Array.isArray(type)
            ? t.field({ type, resolve: (value) => partsOf(value[field]) })
            : t.field({ type, resolve: (value) => partOf(value[field]) }),
        ]),
      ),
    }),
  })
  return ref
}

export function partOf(value: unknown): Part | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Part) : null
}

/** What is no part is left out. */
export function partsOf(value: unknown): Part[] {
  return Array.isArray(value)
    ? value.flatMap((one: unknown): Part[] => {
        const found = partOf(one)
        return found === null ? [] : [found]
      })
    : []
}

/** Of a field that the published schema has as a scalar. */
export function scalarOf(kind: Kind, value: unknown) {
  return READ[kind](value)
}

export const Attachment = part('Attachment', { String: 'url name type', Float: 'size duration' })
export const PriceRange = part('PriceRange', { Float: 'min max', String: 'currency' })
export const ProductDimensions = part('ProductDimensions', { Float: 'length width height', String: 'unit' })
export const ProductInventory = part('ProductInventory', {
  Boolean: 'tracked allowBackorder',
  Int: 'quantity lowStockThreshold',
})
export const ProductSEO = part('ProductSEO', { String: 'title description slug' })
builder.objectField(ProductSEO, 'keywords', (t) =>
  t.stringList({ resolve: ({ keywords }) => textsOf(keywords) }),
)

const ProductOptionValue = part(
  'ProductOptionValue',
  {
    String: 'id value slug currency',
    Int: 'displayOrder',
    Float: 'priceAdjustment',
    Boolean: 'isDefault isOutOfStock',
  },
  { image: Attachment },
)
export const ProductOption = part(
  'ProductOption',
  { String: 'id name slug type displayType', Int: 'displayOrder', Boolean: 'required' },
  { values: [ProductOptionValue] },
)
const VariantOptionValue = part('VariantOptionValue', { String: 'optionId optionName valueId value' })
export const ProductVariant = part(
  'ProductVariant',
  {
    String: 'id sku barcode name weightUnit status externalId source',
    Float: 'unitPrice salePrice costPrice weight',
    Int: 'quantity',
    Boolean: 'unlimitedQuantity',
  },
  { image: Attachment, optionValues: [VariantOptionValue] },
)

export const AttachmentInput = builder.inputType('AttachmentInput', {
  fields: (t) => ({
    url: t.string({ required: true }),
    name: t.string({ required: true }),
    type: t.string(),
    size: t.float(),
    duration: t.float(),
  }),
})
