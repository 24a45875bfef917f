/** Tags and what carries them (10b section 4.2). */
import { foldText } from '../db/fold-text.ts'
import { ApiError } from '../errors.ts'
import { MAX_TAGGED, setTags } from '../record/set-tags.ts'
import { addTag, editTag, MAX_COLOR_CHARACTERS, MAX_TAGS, tagNotFound } from '../tag/edit-tag.ts'
import { MAX_TAGS_OF_ONE } from '../tag/hold-tags.ts'
import { mergeTags } from '../tag/merge-tags.ts'
import { removeTag } from '../tag/remove-tag.ts'
import { countTags, listTags, type Tag, type TagFilter } from '../tag/store.ts'
import { MAX_TAG_NAME_CHARACTERS } from '../tag/tag-name.ts'
import { meantBy, readTagType, TAG_TYPES, TAGGED_TYPES } from '../tag/tag-type.ts'
import { MAX_TAG_LEVELS } from '../tag/tree.ts'
import { builder } from './builder.ts'
import { listResponse } from './list-response.ts'
import { pageArgs, readPage } from './pagination.ts'
import { TagType } from './tag-type.ts'

const TagsPaginatedResponse = listResponse('TagsPaginatedResponse', TagType)

/** Tags that one call of `tags` names: a page that holds them all. */
export const MAX_NAMED_TAGS = 500

const searchArgs = builder.args((t) => ({
  type: t.string({
    description: `Those that things of this content type can carry; {service}:all: every tag of the service. One of ${TAG_TYPES.join(', ')}.`,
  }),
  searchValue: t.string({
    description: 'A part of the name; case, accents and Arabic letter forms do not count.',
  }),
}))

interface SearchArguments {
  type?: string | null | undefined
  searchValue?: string | null | undefined
}

interface ListArguments extends SearchArguments {
  tagIds?: readonly string[] | null | undefined
  parentId?: string | null | undefined
  ids?: readonly string[] | null | undefined
  excludeIds?: boolean | null | undefined
}

function readSearch(workspaceId: string, { type, searchValue }: SearchArguments): TagFilter {
  return {
    workspaceId,
    types: type ? meantBy(readTagType(type)) : undefined,
    search: searchValue ? foldText(searchValue.trim()) : undefined,
  }
}

function readFilter(workspaceId: string, args: ListArguments): TagFilter {
  const { tagIds, parentId, ids, excludeIds } = args
  for (const [name, list] of Object.entries({ tagIds, ids })) {
    if ((list?.length ?? 0) > MAX_NAMED_TAGS) {
      throw new ApiError('BAD_USER_INPUT', `${name} must be at most ${MAX_NAMED_TAGS} ids.`)
    }
  }
  return {
    ...readSearch(workspaceId, args),
    ids: tagIds ?? undefined,
    ...(ids && (excludeIds ? { exceptIds: ids } : { alsoIds: ids })),
    within: parentId || undefined,
    rootsOnly: !tagIds && !ids && !parentId && !args.searchValue,
  }
}

const TREE_ORDER = { kind: 'text', of: ({ order }: Tag) => order } as const

builder.queryField('tags', (t) =>
  t.field({
    type: TagsPaginatedResponse,
    nullable: false,
    permission: 'showTags',
    description:
      'The tags of the workspace in the order of their tree. Without tagIds, ids, parentId and searchValue only those that stand below no other.',
    args: {
      ...pageArgs,
      ...searchArgs,
      tagIds: t.arg.stringList({ description: `Only these, at most ${MAX_NAMED_TAGS}.` }),
      parentId: t.arg.string({ description: 'This tag and all below it.' }),
      ids: t.arg.stringList({
        description: `Only these, at most ${MAX_NAMED_TAGS}; the page is as long as it must be to hold them.`,
      }),
      excludeIds: t.arg.boolean({ defaultValue: false, description: 'All but those of `ids`.' }),
    },
    resolve: (_root, args, { context, caller }) => {
      const filter = readFilter(caller.workspaceId, args)
      return readPage(args, {
        name: 'tags',
        list: (range) => listTags(context.db.sql, filter, range),
        count: () => countTags(context.db.sql, filter),
        sortedBy: TREE_ORDER,
        atLeast: filter.alsoIds?.length ?? 0,
      })
    },
  }),
)

builder.queryField('tagDetail', (t) =>
  t.field({
    type: TagType,
    permission: 'showTags',
    description: 'One tag.',
    args: { _id: t.arg.string({ required: true }) },
    resolve: async (_root, { _id }, { context, caller }) => {
      const [tag] = await listTags(context.db.sql, { workspaceId: caller.workspaceId, ids: [_id] })
      if (tag === undefined) throw tagNotFound(_id)
      return tag
    },
  }),
)

builder.queryField('tagsQueryCount', (t) =>
  t.int({
    permission: 'showTags',
    description: 'How many tags there are, on all levels.',
    args: searchArgs,
    resolve: (_root, args, { context, caller }) =>
      countTags(context.db.sql, readSearch(caller.workspaceId, args)),
  }),
)

const tagArgs = builder.args((t) => ({
  name: t.string({
    required: true,
    description: `1 to ${MAX_TAG_NAME_CHARACTERS} characters; no other tag of the type has it.`,
  }),
  type: t.string({ required: true, description: `One of ${TAG_TYPES.join(', ')}.` }),
  colorCode: t.string({ description: `At most ${MAX_COLOR_CHARACTERS} characters, such as #4f7cff.` }),
  parentId: t.string({
    description: `The tag of the same type that it stands below; null: none. At most ${MAX_TAG_LEVELS} levels.`,
  }),
}))

builder.mutationField('tagsAdd', (t) =>
  t.field({
    type: TagType,
    permission: 'manageTags',
    description: `Makes a tag. A workspace has at most ${MAX_TAGS}.`,
    args: tagArgs,
    resolve: (_root, said, { context, caller }) => addTag(context, caller, said),
  }),
)

builder.mutationField('tagsEdit', (t) =>
  t.field({
    type: TagType,
    permission: 'manageTags',
    description:
      'Changes a tag; colorCode and parentId stay where they are not said. The tags below it move with it. Apps that know it by its former name still mean it. The type of a tag that is in use stays.',
    args: { _id: t.arg.string({ required: true }), ...tagArgs },
    resolve: (_root, { _id, ...said }, { context, caller }) => editTag(context, caller, { ...said, id: _id }),
  }),
)

builder.mutationField('tagsRemove', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageTags',
    description:
      'Removes a tag that no other stands below, and takes it off all that carries it. Answers its _id. An app that names it later makes it again.',
    args: { _id: t.arg.string({ required: true }) },
    resolve: async (_root, { _id }, { context, caller }) => {
      const { id } = await removeTag(context, caller, _id)
      return { _id: id }
    },
  }),
)

builder.mutationField('tagsMerge', (t) =>
  t.field({
    type: TagType,
    permission: 'manageTags',
    description:
      'Makes one tag of two, for good: whatever carries the source carries the destination, and the tags below it stand below that. Apps that name the source mean the destination.',
    args: { sourceId: t.arg.string({ required: true }), destId: t.arg.string({ required: true }) },
    resolve: (_root, tags, { context, caller }) => mergeTags(context, caller, tags),
  }),
)

builder.mutationField('tagsTag', (t) =>
  t.string({
    permission: 'authenticated',
    description: `Gives customers or products these tags and no others; none clears. A tag that is not there, or is for other things, and a target that is not there fail the call, and nothing is changed. Answers how many were tagged.`,
    args: {
      type: t.arg.string({ required: true, description: `Of the targets: ${TAGGED_TYPES.join(' or ')}.` }),
      targetIds: t.arg({ type: ['String'], required: true, description: `At most ${MAX_TAGGED} ids.` }),
      tagIds: t.arg({ type: ['String'], required: true, description: `At most ${MAX_TAGS_OF_ONE} ids.` }),
    },
    resolve: async (_root, said, { context, caller }) => `${await setTags(context, caller, said)} tagged`,
  }),
)
