/** The published wrapper of lists: one page of things, and where it stands. */
import { builder } from './builder.ts'
import { type Page, PaginationInfo } from './pagination.ts'

/** @param name of the type, such as `OrderListResponse` */
export function listResponse<Item>(
  name: string,
  type: ReturnType<typeof builder.objectRef<Item>>,
): ReturnType<typeof builder.objectRef<Page<Item>>> {
  const response = builder.objectRef<Page<Item>>(name)
  response.implement({
    fields: (t) => ({
      data: t.field({ type: [type], nullable: false, resolve: ({ data }) => data as never }),
      pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
    }),
  })
  return response
}
