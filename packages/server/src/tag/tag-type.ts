/** What can carry tags, and which (10b section 4.2). */
import { ApiError } from '../errors.ts'

/** Content types whose things carry tags. */
export const TAGGED_TYPES = ['core:customer', 'core:product'] as const
export type TaggedType = (typeof TAGGED_TYPES)[number]

const serviceOf = (type: string) => type.slice(0, type.indexOf(':'))
/** The type of tags that every content type of the service takes. */
const allOf = (type: string) => `${serviceOf(type)}:all`

/** Types of tags. */
export const TAG_TYPES: readonly string[] = [...new Set([...TAGGED_TYPES, ...TAGGED_TYPES.map(allOf)])]

/** @throws ApiError BAD_USER_INPUT */
export function readTagType(type: string): string {
  if (TAG_TYPES.includes(type)) return type
  throw new ApiError('BAD_USER_INPUT', `type must be one of ${TAG_TYPES.join(', ')}.`)
}

/** @throws ApiError BAD_USER_INPUT */
export function readTaggedType(type: string): TaggedType {
  const tagged = TAGGED_TYPES.find((one) => one === type)
  if (tagged !== undefined) return tagged
  throw new ApiError('BAD_USER_INPUT', `type must be one of ${TAGGED_TYPES.join(', ')}.`)
}

/** The types of the tags that things of a content type can carry, its own first. */
export function carriedBy(type: TaggedType): string[] {
  return [type, allOf(type)]
}

/** The types of tags that are meant by one: all of a service by `{service}:all`, else those that its things can carry. */
export function meantBy(type: string): string[] {
  const tagged = TAGGED_TYPES.find((one) => one === type)
  return tagged === undefined ? TAG_TYPES.filter((one) => allOf(one) === type) : carriedBy(tagged)
}
