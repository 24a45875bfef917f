import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { createWorkspace } from '../account/create-workspace.ts'
import { MAX_COLOR_CHARACTERS } from '../tag/edit-tag.ts'
import { insertTags, type Tag } from '../tag/store.ts'
import { MAX_TAG_NAME_CHARACTERS } from '../tag/tag-name.ts'
import { MAX_TAG_LEVELS } from '../tag/tree.ts'
import { MAX_NAMED_TAGS } from './tag-operations.ts'

let api: TestApi
beforeAll(async () => {
  // A single address, where a second workspace does not change it.
  api = await testApi({ SAAS_API_URL: 'http://localhost:4000' })
})
afterAll(() => api.close())
beforeEach(async () => {
  await api.context.db.sql.deleteFrom('tagged').where('workspaceId', '=', api.workspace.id).execute()
  await api.context.db.sql.deleteFrom('tag').where('workspaceId', '=', api.workspace.id).execute()
})

const CUSTOMERS = 'core:customer'
const FIELDS = '_id name type colorCode parentId order relatedIds childTags { name } createdAt'

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape are compared with literals
type Answer = any

const ask: TestApi['ask'] = (...asked) => api.ask(...asked)
const refusal: TestApi['refusal'] = (...asked) => api.refusal(...asked)

const ADD = `mutation ($name: String!, $type: String!, $colorCode: String, $parentId: String) {
  tagsAdd(name: $name, type: $type, colorCode: $colorCode, parentId: $parentId) { ${FIELDS} }
}`
const EDIT = `mutation ($id: String!, $name: String!, $type: String!, $colorCode: String, $parentId: String) {
  tagsEdit(_id: $id, name: $name, type: $type, colorCode: $colorCode, parentId: $parentId) { ${FIELDS} }
}`
const REMOVE = 'mutation ($id: String!) { tagsRemove(_id: $id) }'
const MERGE = `mutation ($sourceId: String!, $destId: String!) {
  tagsMerge(sourceId: $sourceId, destId: $destId) { ${FIELDS} }
}`
const TAG = `mutation ($type: String!, $targetIds: [String!]!, $tagIds: [String!]!) {
  tagsTag(type: $type, targetIds: $targetIds, tagIds: $tagIds)
}`

const add = async (name: string, parent?: { _id: string }, type = CUSTOMERS): Promise<Answer> =>
  ask(ADD, { name, type, ...(parent && { parentId: parent._id }) })
const detail = (id: string) =>
  ask(`query ($id: String!) { tagDetail(_id: $id) { ${FIELDS} objectCount totalObjectCount } }`, { id })

function rootOf(workspaceId: string, name: string): Tag {
  const of = { workspaceId, id: crypto.randomUUID(), type: CUSTOMERS, name, folded: name, order: `${name}/` }
  return { ...of, ancestors: [], parentId: null, colorCode: null, createdAt: new Date() }
}

/** `Size` with `Large` and `Small`, of which the latter has `Tiny`; `Colour` beside it. */
async function tree() {
  const size = await add('Size')
  const small = await add('Small', size)
  return {
    size,
    small,
    tiny: await add('Tiny', small),
    large: await add('Large', size),
    colour: await add('Colour'),
  }
}

const names = async (args = '') =>
  (await ask(`{ tags${args && `(${args})`} { data { name } } }`)).data.map(({ name }: Answer) => name)

describe('tagsAdd', () => {
  it('makes a tag below another one', async () => {
    const size = await ask(ADD, { name: '  Größe ', type: CUSTOMERS, colorCode: '#ff0000' })
    expect(size).toEqual({
      _id: expect.any(String),
      name: 'Größe',
      type: CUSTOMERS,
      colorCode: '#ff0000',
      parentId: null,
      order: 'große/',
      relatedIds: [],
      childTags: [],
      createdAt: expect.stringMatching(/Z$/),
    })
    const small = await add('Small', size)
    expect(small).toMatchObject({ parentId: size._id, order: 'große/small/', colorCode: null })
    expect(await detail(size._id)).toMatchObject({ relatedIds: [small._id], childTags: [{ name: 'Small' }] })
  })

  it('knows a name once for each type', async () => {
    const vip = await add('VIP')
    expect(await refusal(ADD, { name: ' VIP ', type: CUSTOMERS })).toEqual({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(`already: ${vip._id}`),
    })
    await add('vip')
    await add('VIP', undefined, 'core:product')
    await add('VIP', undefined, 'core:all')
  })

  it.each([
    ['an empty name', { name: '  ' }, 'name must be'],
    ['a name that is too long', { name: 'x'.repeat(MAX_TAG_NAME_CHARACTERS + 1) }, 'name must be'],
    [
      'a type that there is not',
      { type: 'core:company' },
      'type must be one of core:customer, core:product, core:all',
    ],
    [
      'a colour that is too long',
      { colorCode: 'x'.repeat(MAX_COLOR_CHARACTERS + 1) },
      'colorCode must have at most',
    ],
    ['a parent that there is not', { parentId: crypto.randomUUID() }, 'parentId: There is no tag'],
    ['a parent that is no id', { parentId: 'root' }, 'parentId: There is no tag "root"'],
  ])('refuses %s', async (_what, said, message) => {
    expect(await refusal(ADD, { name: 'x', type: CUSTOMERS, ...said })).toEqual({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(message),
    })
    expect(await ask('{ tagsQueryCount }')).toBe(0)
  })

  it('takes the longest name and colour', async () => {
    const name = 'ß'.repeat(MAX_TAG_NAME_CHARACTERS)
    const colorCode = 'x'.repeat(MAX_COLOR_CHARACTERS)
    expect(await ask(ADD, { name, type: CUSTOMERS, colorCode })).toMatchObject({ name, colorCode })
  })

  it('refuses a parent of another type', async () => {
    const product = await add('Product', undefined, 'core:product')
    expect(await refusal(ADD, { name: 'x', type: CUSTOMERS, parentId: product._id })).toMatchObject({
      message: expect.stringContaining('A tag stands below one of its own type'),
    })
  })

  it(`makes ${MAX_TAG_LEVELS} levels and no more`, async () => {
    let parent: Answer
    for (let level = 1; level <= MAX_TAG_LEVELS; level++) parent = await add(`Level ${level}`, parent)
    expect(await refusal(ADD, { name: 'Too deep', type: CUSTOMERS, parentId: parent._id })).toMatchObject({
      message: expect.stringContaining(`at most ${MAX_TAG_LEVELS} levels`),
    })
    // Neither by moving what has levels of its own.
    const upper = await add('Upper')
    await add('Lower', upper)
    const moved = { id: upper._id, name: 'Upper', type: CUSTOMERS, parentId: parent.parentId }
    expect(await refusal(EDIT, moved)).toMatchObject({
      message: expect.stringContaining(`at most ${MAX_TAG_LEVELS} levels`),
    })
  })
})

describe('tagsEdit', () => {
  it('renames, and what stands below follows', async () => {
    const { size, tiny } = await tree()
    const edited = await ask(EDIT, { id: size._id, name: 'Ärmel', type: CUSTOMERS })
    expect(edited).toMatchObject({
      name: 'Ärmel',
      order: 'armel/',
      childTags: [{ name: 'Large' }, { name: 'Small' }],
    })
    expect(await detail(tiny._id)).toMatchObject({ order: 'armel/small/tiny/' })
    expect(await names('searchValue: "armel"')).toEqual(['Ärmel'])
  })

  it('moves what stands below by characters, however many code units they have', async () => {
    const smile = await add('😀😀')
    const below = await add('below', smile)
    await ask(EDIT, { id: smile._id, name: 'plain', type: CUSTOMERS })
    expect(await detail(below._id)).toMatchObject({ order: 'plain/below/' })
    await ask(EDIT, { id: smile._id, name: '🙂', type: CUSTOMERS })
    expect(await detail(below._id)).toMatchObject({ order: '🙂/below/' })
  })

  it('moves a tag with all below it, to the root too', async () => {
    const { size, small, tiny, large } = await tree()
    await ask(EDIT, { id: small._id, name: 'Small', type: CUSTOMERS, parentId: large._id })
    expect(await detail(tiny._id)).toMatchObject({ order: 'size/large/small/tiny/' })
    expect((await detail(size._id)).relatedIds).toEqual([large._id, small._id, tiny._id])
    expect(await ask(EDIT, { id: small._id, name: 'Small', type: CUSTOMERS, parentId: null })).toMatchObject({
      parentId: null,
      order: 'small/',
      relatedIds: [tiny._id],
    })
    expect(await detail(tiny._id)).toMatchObject({ order: 'small/tiny/' })
    expect((await detail(size._id)).relatedIds).toEqual([large._id])
  })

  it('keeps what is not said, and clears what is null', async () => {
    const parent = await add('Parent')
    const { _id } = await ask(ADD, { name: 'Child', type: CUSTOMERS, colorCode: 'red', parentId: parent._id })
    const said = { id: _id, name: 'Child', type: CUSTOMERS }
    expect(await ask(EDIT, said)).toMatchObject({ colorCode: 'red', parentId: parent._id })
    expect(await ask(EDIT, { ...said, colorCode: null })).toMatchObject({
      colorCode: null,
      parentId: parent._id,
    })
  })

  it('lets no tag stand below itself', async () => {
    const { size, tiny } = await tree()
    for (const parentId of [size._id, tiny._id]) {
      expect(await refusal(EDIT, { id: size._id, name: 'Size', type: CUSTOMERS, parentId })).toEqual({
        code: 'BAD_USER_INPUT',
        message: expect.stringContaining('is this tag or stands below it'),
      })
    }
    expect(await detail(tiny._id)).toMatchObject({ order: 'size/small/tiny/' })
  })

  it('changes the type of what is not in use, and of nothing else', async () => {
    const { size, tiny } = await tree()
    const retype = (id: string, name: string) => ({ id, name, type: 'core:product' })
    const refused = expect.objectContaining({ message: expect.stringContaining('stays core:customer') })
    expect(await refusal(EDIT, retype(size._id, 'Size'))).toEqual(refused)
    const { _id } = await ask('mutation { customersAdd(firstName: "Typed") { _id } }')
    await ask(TAG, { type: CUSTOMERS, targetIds: [_id], tagIds: [tiny._id] })
    const moved = { ...retype(tiny._id, 'Tiny'), parentId: null }
    expect(await refusal(EDIT, moved)).toEqual(refused)
    await ask(TAG, { type: CUSTOMERS, targetIds: [_id], tagIds: [] })
    expect(await ask(EDIT, moved)).toMatchObject({ type: 'core:product', parentId: null })
  })

  it('of a tag that there is not, or to a name that is taken, is refused', async () => {
    const said = { id: crypto.randomUUID(), name: 'x', type: CUSTOMERS }
    expect(await refusal(EDIT, said)).toMatchObject({ code: 'NOT_FOUND' })
    expect(await refusal(EDIT, { ...said, id: 'x' })).toMatchObject({ code: 'NOT_FOUND' })
    const { size } = await tree()
    expect(await refusal(EDIT, { ...said, id: size._id, name: 'Colour' })).toMatchObject({
      code: 'BAD_USER_INPUT',
    })
  })
})

describe('tags', () => {
  it('lists the roots, and other levels where they are asked for, in the order of the tree', async () => {
    const { size, small, tiny, large, colour } = await tree()
    await add('Größe (alt)')
    expect(await names()).toEqual(['Colour', 'Größe (alt)', 'Size'])
    expect(await names('type: "core:customer"')).toEqual(['Colour', 'Größe (alt)', 'Size'])
    expect(await names(`parentId: "${size._id}"`)).toEqual(['Size', 'Large', 'Small', 'Tiny'])
    expect(await names(`parentId: "${small._id}"`)).toEqual(['Small', 'Tiny'])
    expect(await names('searchValue: "GROSSE"')).toEqual([])
    expect(await names('searchValue: "roße"')).toEqual(['Größe (alt)'])
    expect(await names('searchValue: "al"')).toEqual(['Größe (alt)', 'Small'])
    expect(await names(`searchValue: "al", parentId: "${size._id}"`)).toEqual(['Small'])
    expect(await names(`ids: ["${tiny._id}", "${colour._id}", "x"]`)).toEqual(['Colour', 'Tiny'])
    expect(await names(`tagIds: ["${tiny._id}"]`)).toEqual(['Tiny'])
    expect(await names(`tagIds: ["${tiny._id}", "${large._id}"], ids: ["${tiny._id}"]`)).toEqual(['Tiny'])
    const excluded = `tagIds: ["${tiny._id}", "${large._id}"], ids: ["${tiny._id}"], excludeIds: true`
    expect(await names(excluded)).toEqual(['Large'])
    expect(await names('parentId: "x"')).toEqual([])
  })

  it('keeps subtrees together whatever the names', async () => {
    const ab = await add('a b')
    const a = await add('a')
    await add('z', a)
    await add('a-c')
    await add('z2', ab)
    const all = await ask('{ tags(ids: [], excludeIds: true) { data { order } } }')
    expect(all.data.map(({ order }: Answer) => order)).toEqual(['a b/', 'a b/z2/', 'a-c/', 'a/', 'a/z/'])
  })

  it('of a type are those that its things can carry', async () => {
    await add('C')
    await add('P', undefined, 'core:product')
    await add('A', undefined, 'core:all')
    expect(await names('type: "core:customer"')).toEqual(['A', 'C'])
    expect(await names('type: "core:product"')).toEqual(['A', 'P'])
    expect(await names('type: "core:all"')).toEqual(['A', 'C', 'P'])
    expect(await ask('{ tagsQueryCount(type: "core:product") }')).toBe(2)
    expect(await ask('{ tagsQueryCount(searchValue: "c") }')).toBe(1)
    expect(await refusal('{ tags(type: "inbox:conversation") { data { _id } } }')).toMatchObject({
      message: expect.stringContaining('type must be one of'),
    })
  })

  it('pages without gaps or repetitions, and makes room for all ids that are named', async () => {
    const made: string[] = []
    for (let index = 0; index < 23; index++) made.push((await add(`t${String(index).padStart(2, '0')}`))._id)
    const seen: string[] = []
    let after: string | null = null
    do {
      const page: Answer = await ask(
        'query ($after: String) { tags(first: 5, after: $after) { data { _id } pagination { endCursor hasNextPage totalCount } } }',
        { after },
      )
      seen.push(...page.data.map(({ _id }: Answer) => _id))
      expect(page.pagination.totalCount).toBe(23)
      after = page.pagination.hasNextPage ? page.pagination.endCursor : null
    } while (after !== null)
    expect(seen).toEqual(made)
    const named = await ask(
      'query ($ids: [String!]) { tags(ids: $ids) { data { _id } pagination { perPage } } }',
      {
        ids: made,
      },
    )
    expect(named).toEqual({ data: made.map((_id) => ({ _id })), pagination: { perPage: 23 } })
    const ids = (count: number) => ({ ids: Array.from({ length: count }, () => crypto.randomUUID()) })
    const query = 'query ($ids: [String!]) { tags(ids: $ids) { data { _id } } }'
    expect(await ask(query, ids(MAX_NAMED_TAGS))).toEqual({ data: [] })
    expect(await refusal(query, ids(MAX_NAMED_TAGS + 1))).toMatchObject({
      message: `ids must be at most ${MAX_NAMED_TAGS} ids.`,
    })
  })

  it('cost the same statements for twenty as for one', async () => {
    const root = await add('root')
    for (let index = 0; index < 20; index++) await add(`t${index}`, root)
    const counts: number[] = []
    for (const rows of [1, 1, 20]) {
      const before = api.statements.length
      await ask(
        `{ tags(parentId: "${root._id}", first: ${rows}) { data { objectCount totalObjectCount relatedIds childTags { _id } } } }`,
      )
      counts.push(api.statements.length - before)
    }
    expect(counts.slice(1)).toEqual([7, 7])
  })
})

describe('tagsRemove', () => {
  it('takes the tag off all that carries it, and lets names of apps be free', async () => {
    const { _id: tagId } = await add('gone')
    const { _id } = await ask(`mutation { customersAdd(firstName: "R", tagIds: ["${tagId}"]) { _id } }`)
    expect(await ask(REMOVE, { id: tagId })).toEqual({ _id: tagId })
    expect(await ask(`{ customerDetail(_id: "${_id}") { tagIds tags getTags { _id } } }`)).toEqual({
      tagIds: [],
      tags: [],
      getTags: [],
    })
    expect(await refusal(REMOVE, { id: tagId })).toMatchObject({ code: 'NOT_FOUND' })
    const log = await ask('{ auditLog(kind: "tag.removed") { data { subjectId details } } }')
    expect(log.data[0]).toEqual({ subjectId: tagId, details: { name: 'gone', type: CUSTOMERS } })
    await add('gone')
  })

  it('waits for the tags below to go', async () => {
    const { size, small, tiny } = await tree()
    expect(await refusal(REMOVE, { id: small._id })).toEqual({
      code: 'BAD_USER_INPUT',
      message: '1 tags stand below "Small". Move or remove them first.',
    })
    await ask(REMOVE, { id: tiny._id })
    await ask(REMOVE, { id: small._id })
    expect((await detail(size._id)).childTags).toEqual([{ name: 'Large' }])
  })
})

describe('tagsMerge', () => {
  it('gives the destination all that the source has', async () => {
    const { size, small, tiny, large } = await tree()
    const customer = async (tagIds: string[]) =>
      (
        await ask('mutation ($tagIds: [String!]) { customersAdd(firstName: "M", tagIds: $tagIds) { _id } }', {
          tagIds,
        })
      )._id
    const both = await customer([small._id, large._id])
    const one = await customer([small._id])
    const merged = await ask(MERGE, { sourceId: small._id, destId: large._id })
    expect(merged).toMatchObject({ _id: large._id, name: 'Large', childTags: [{ name: 'Tiny' }] })
    expect(await detail(tiny._id)).toMatchObject({ parentId: large._id, order: 'size/large/tiny/' })
    for (const id of [both, one]) {
      expect(await ask(`{ customerDetail(_id: "${id}") { tagIds } }`)).toEqual({ tagIds: [large._id] })
    }
    expect(await detail(large._id)).toMatchObject({ objectCount: 2, totalObjectCount: 2 })
    expect(await refusal(`{ tagDetail(_id: "${small._id}") { _id } }`)).toMatchObject({ code: 'NOT_FOUND' })
    expect((await detail(size._id)).relatedIds).toEqual([large._id, tiny._id])
    const log = await ask('{ auditLog(kind: "tag.merged") { data { subjectId details } } }')
    expect(log.data[0]).toEqual({
      subjectId: large._id,
      details: { mergedId: small._id, name: 'Small', type: CUSTOMERS },
    })
  })

  it('lets a tag take the place of one that it stands below', async () => {
    const { size, small, tiny, large } = await tree()
    const merged = await ask(MERGE, { sourceId: size._id, destId: tiny._id })
    expect(merged).toMatchObject({
      parentId: null,
      order: 'tiny/',
      childTags: [{ name: 'Large' }, { name: 'Small' }],
    })
    expect(await detail(large._id)).toMatchObject({ parentId: tiny._id, order: 'tiny/large/' })
    expect(await detail(small._id)).toMatchObject({ order: 'tiny/small/', relatedIds: [] })
    await ask(MERGE, { sourceId: large._id, destId: tiny._id })
    expect((await detail(tiny._id)).relatedIds).toEqual([small._id])
  })

  it('refuses what cannot be one', async () => {
    const { size, small } = await tree()
    const product = await add('Small', undefined, 'core:product')
    const refused = async (sourceId: string, destId: string) =>
      (await refusal(MERGE, { sourceId, destId })).message
    expect(await refused(size._id, size._id)).toBe('sourceId and destId name the same tag.')
    expect(await refused(small._id, product._id)).toContain('Only tags of one type can be merged')
    expect(await refused(small._id, crypto.randomUUID())).toContain('There is no tag')
    let deep = await add('Level 1')
    for (let level = 2; level <= MAX_TAG_LEVELS; level++) deep = await add(`Level ${level}`, deep)
    expect(await refused(small._id, deep._id)).toContain(`at most ${MAX_TAG_LEVELS} levels`)
    expect((await detail(small._id)).childTags).toEqual([{ name: 'Tiny' }])
  })
})

it('each operation has its permission', async () => {
  const { _id } = await add('x')
  const token = await api.tokenWith('showTags')
  const code = async (query: string, variables: Record<string, unknown>) =>
    (await api.call(query, { variables, token })).errors[0]?.extensions.code
  expect(await code('{ tags { data { _id } } tagsQueryCount }', {})).toBeUndefined()
  expect(await code(ADD, { name: 'y', type: CUSTOMERS })).toBe('FORBIDDEN')
  expect(await code(EDIT, { id: _id, name: 'y', type: CUSTOMERS })).toBe('FORBIDDEN')
  expect(await code(REMOVE, { id: _id })).toBe('FORBIDDEN')
  expect(await code(MERGE, { sourceId: _id, destId: _id })).toBe('FORBIDDEN')
  const other = await api.tokenWith('manageTags')
  const { errors } = await api.call('{ tags { data { _id } } }', { token: other })
  expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
  // As published: any valid token.
  expect(await code(TAG, { type: CUSTOMERS, targetIds: [], tagIds: [] })).toBeUndefined()
})

it('tags of another workspace do not exist', async () => {
  const { id: workspaceId } = await createWorkspace(api.context, { subdomain: 'foreign', name: 'x' })
  const foreign = rootOf(workspaceId, 'f')
  await api.context.db.transaction((trx) => insertTags(trx, [foreign]))
  const { id } = foreign
  for (const [query, variables] of [
    [`{ tagDetail(_id: "${id}") { _id } }`, {}],
    [EDIT, { id, name: 'x', type: CUSTOMERS }],
    [REMOVE, { id }],
    [MERGE, { sourceId: id, destId: (await add('own'))._id }],
  ] as const) {
    expect(await refusal(query, variables)).toMatchObject({ code: 'NOT_FOUND' })
  }
  expect(await names(`ids: ["${id}"]`)).toEqual([])
  expect(await refusal(ADD, { name: 'x', type: CUSTOMERS, parentId: id })).toMatchObject({
    code: 'BAD_USER_INPUT',
  })
})
