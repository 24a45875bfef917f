import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  isCompositeType,
  isInputObjectType,
  isRequiredArgument,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { isPermission } from '../account/permission.ts'
import { builder } from './builder.ts'
import type { Demand } from './operation.ts'
import { schema } from './schema.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

interface Operation {
  name: string
  demand: Demand
  /** A whole document that calls the operation with some value for each required argument. */
  document: string
  /** The same with U+0000 in every text, for operations that take one. */
  withNul: string | undefined
}

const VALUES: Record<string, string> = {
  String: '"x"',
  ID: '"x"',
  Int: '1',
  Float: '1',
  Boolean: 'true',
  JSON: '{}',
  Date: '"2026-01-01"',
  SortDirection: 'asc',
  AttachmentInput: '{ url: "x", name: "x" }',
}

function operationsOf(kind: 'query' | 'mutation', type: GraphQLObjectType | null | undefined): Operation[] {
  return Object.values(type?.getFields() ?? {}).map((field) => ({
    name: `${kind} ${field.name}`,
    demand: field.extensions['permission'] as Demand,
    document: `${kind} { ${field.name}${argumentsOf(field.args.filter(isRequiredArgument))}${selectionOf(field)} }`,
    withNul: field.args.some(({ type }) => getNamedType(type).name === 'String')
      ? `${kind} { ${field.name}${argumentsOf(field.args.filter(isPlain), { ...VALUES, String: '"x\\u0000y"' })}${selectionOf(field)} }`
      : undefined,
  }))
}

/** Texts inside input objects are checked, or made fit, by whoever stores them. */
const isPlain = ({ type }: GraphQLArgument) => !isInputObjectType(getNamedType(type))

function argumentsOf(args: readonly GraphQLArgument[], values = VALUES): string {
  const filled = args.map(({ name, type }) => `${name}: ${values[getNamedType(type).name]}`)
  return filled.length === 0 ? '' : `(${filled.join(', ')})`
}

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  return isCompositeType(getNamedType(field.type)) ? ' { __typename }' : ''
}

const operations = [
  ...operationsOf('query', schema.getQueryType()),
  ...operationsOf('mutation', schema.getMutationType()),
]

describe('every operation', () => {
  it('says who may call it', () => {
    expect(operations.length).toBeGreaterThan(8)
    const wrong = operations.filter(({ demand }) => demand !== 'authenticated' && !isPermission(demand))
    expect(wrong).toEqual([])
  })

  it.each(operations)('$name is refused without a token', async ({ document }) => {
    const { status, errors, data } = await api.call(document, { token: '' })
    expect(status).toBe(401)
    expect(data).toBeUndefined()
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  })

  it.each(operations.filter(({ demand }) => demand !== 'authenticated'))(
    '$name is refused without $demand, before anything else is looked at',
    async ({ document, demand }) => {
      const others = Object.keys(await permissionsOfOwner()).filter((permission) => permission !== demand)
      const token = await api.tokenWith(...others)
      await api.call('{ currentUser { _id } }', { token })
      const before = api.statements.length
      const { errors } = await api.call(document, { token })
      expect(errors).toMatchObject([
        {
          message: expect.stringContaining(`needs the permission ${demand}`),
          extensions: { code: 'FORBIDDEN' },
        },
      ])
      // Workspace and token: the caller.
      expect(api.statements.slice(before)).toHaveLength(2)
    },
  )

  it('that does not say it neither compiles nor builds', () => {
    // @ts-expect-error the permission is missing
    builder.queryField('open', (t) => t.string({ resolve: () => 'x' }))
    expect(() => builder.toSchema()).toThrow('Query.open does not say who may call it')
  })
})

let owned: Record<string, true> | undefined
async function permissionsOfOwner(): Promise<Record<string, true>> {
  owned ??= (await api.call('{ currentUser { permissionActions } }')).data.currentUser
    .permissionActions as Record<string, true>
  return owned
}

describe('an operation that takes text', () => {
  it.each(operations.filter(({ withNul }) => withNul !== undefined))(
    'refuses U+0000 in it, which no table can hold: $name',
    async ({ withNul }) => {
      const { errors } = await api.call(String(withNul))
      expect(errors[0]).toMatchObject({
        message: expect.stringContaining('U+0000'),
        extensions: { code: 'BAD_USER_INPUT' },
      })
    },
  )
})

describe('a list costs the same statements for twenty items as for one', () => {
  /** The statements of one call, after a first one has noted the use of the token. */
  async function statementsOf(query: string): Promise<string[]> {
    const { errors } = await api.call(query)
    expect(errors).toEqual([])
    const before = api.statements.length
    await api.call(query)
    return api.statements.slice(before)
  }
  const APPS =
    '{ apps(perPage: ROWS) { data { _id name permissions } pagination { totalCount totalPages } } }'
  const WORKSPACES = '{ workspaces(perPage: ROWS) { data { _id userId memberIds apiUrl } } }'

  beforeAll(async () => {
    const now = new Date()
    for (let index = 0; index < 20; index++) {
      await api.tokenWith('showTags')
      await api.context.db.sql
        .insertInto('workspace')
        .values({ id: crypto.randomUUID(), subdomain: `n${index}`, name: 'x', createdAt: now })
        .execute()
    }
  })

  it.each([
    // Workspace and token of the caller, then the list and its count.
    ['apps', APPS, 4],
    // Workspace and token of the caller, then the list and the members of all.
    ['workspaces', WORKSPACES, 4],
  ])('%s', async (_name, query, expected) => {
    const one = await statementsOf(query.replace('ROWS', '1'))
    const twenty = await statementsOf(query.replace('ROWS', '20'))
    expect(one).toHaveLength(expected)
    expect(twenty).toEqual(one)
  })

  it('and none for a count that is not asked for', async () => {
    expect(await statementsOf('{ apps { pagination { hasNextPage } } }')).toHaveLength(3)
  })

  it('currentUser reads the account besides the caller', async () => {
    expect(await statementsOf('{ currentUser { _id isOwner workspaces { name } } }')).toHaveLength(3)
    expect(await statementsOf('{ currentUser { workspaces { userId memberIds } } }')).toHaveLength(4)
  })
})
