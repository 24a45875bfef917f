import { z } from 'zod'
import { branch, isRecord } from './branch.ts'
import { filledText, pathText } from './text.ts'

/** Pages of one run. A provider that never ends is more likely broken than that big (6.3). */
const DEFAULT_MAX_PAGES = 100_000

const limitShape = {
  defaultLimit: z.int().min(1).optional().describe('Page size that is asked for.'),
  maxLimit: z.int().min(1).optional().describe('Largest page size that the provider allows.'),
  maxPages: z
    .int()
    .min(1)
    .optional()
    .describe(`Pages after which a run is ended as broken; default ${DEFAULT_MAX_PAGES}.`),
}
const sizeShape = {
  ...limitShape,
  paramName: filledText().optional().describe('Query parameter of the page size, such as `per_page`.'),
}

/** The plain form has no `type`: page numbers in `page`, the size in `paramName`. */
const plain = z.strictObject({
  paramName: filledText().describe(
    'Query parameter of the page size, such as `per_page`; pages are numbered in `page`.',
  ),
  ...limitShape,
})

const TYPED = {
  page: z.strictObject({
    type: z.literal('page').describe('Pages are numbered.'),
    pageParam: filledText().optional().describe('Query parameter of the page number; default `page`.'),
    startPage: z.int().min(0).optional().describe('Number of the first page; default 1.'),
    ...sizeShape,
  }),
  offset: z.strictObject({
    type: z.literal('offset').describe('Pages start at an offset.'),
    offsetParam: filledText().describe('Query parameter of the offset.'),
    ...sizeShape,
  }),
  cursor: z.strictObject({
    type: z.literal('cursor').describe('The answer names the next page by a cursor.'),
    cursorParam: filledText().describe('Parameter that carries the cursor of the next page.'),
    cursorPath: pathText().describe('Path of the next cursor in the answer.'),
    hasMorePath: pathText().optional().describe('Path of a boolean that says whether there is a next page.'),
    in: z
      .enum(['query', 'body'])
      .optional()
      .describe('Where the cursor is sent; default `query` (`body` suits GraphQL).'),
    ...sizeShape,
  }),
  link: z.strictObject({
    type: z.literal('link').describe('The `Link` header names the next page (RFC 8288).'),
    ...sizeShape,
  }),
  nextUrl: z.strictObject({
    type: z.literal('nextUrl').describe('The body holds the URL of the next page.'),
    nextUrlPath: pathText().describe('Path of the next URL in the answer.'),
    ...sizeShape,
  }),
  none: z.strictObject({ type: z.literal('none').describe('All items come in one answer.'), ...limitShape }),
} as const

const isTyped = (type: keyof typeof TYPED) => (value: unknown) => isRecord(value) && value['type'] === type

const known = z.object({
  type: z
    .enum(['page', 'offset', 'cursor', 'link', 'nextUrl', 'none'])
    .describe('How the provider splits a list into pages.'),
})

export const pagination = branch(
  'an object such as `{ "paramName": "per_page", "defaultLimit": 50 }`',
  [
    { is: isTyped('page'), schema: TYPED.page },
    { is: isTyped('offset'), schema: TYPED.offset },
    { is: isTyped('cursor'), schema: TYPED.cursor },
    { is: isTyped('link'), schema: TYPED.link },
    { is: isTyped('nextUrl'), schema: TYPED.nextUrl },
    { is: isTyped('none'), schema: TYPED.none },
    { is: (value) => isRecord(value) && value['type'] === undefined, schema: plain },
  ],
  { otherwise: known },
)
