/**
 * Who may call an operation (specification 10.2, 10b section 1): every field of `Query` and `Mutation` states it as
 * `permission`. A field without one does not compile; one that slips through untyped code does not build.
 */
import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type InputFieldMap,
  type PothosOutputFieldConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import type { Caller } from '../account/app-token.ts'
import type { Permission } from '../account/permission.ts'
import { ApiError } from '../errors.ts'
import { forgetLoaded } from './loader.ts'
import type { RequestContext } from './request-context.ts'

/** One permission, or any valid token. */
export type Demand = Permission | 'authenticated'

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      operation: OperationPlugin<Types>
    }
    interface QueryFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      /** Who may call the operation. */
      permission: Demand
    }
    interface MutationFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      /** Who may call the operation. */
      permission: Demand
    }
  }
}

/** Checks the caller before the resolver of an operation runs, and says in the schema what it demands. */
class OperationPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const demand = demandOf(field)
    if (demand === undefined) return field
    const rule = demand === 'authenticated' ? 'Any valid token.' : `Permission: \`${demand}\`.`
    return {
      ...field,
      description: field.description ? `${field.description}\n\n${rule}` : rule,
      extensions: { ...field.extensions, permission: demand },
    }
  }

  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    const demand = demandOf(field)
    if (demand === undefined) return resolver
    return (parent, args, context, info) => {
      const request = context as unknown as RequestContext
      refuseWithout(request.caller, demand)
      refuseNul(args)
      if (field.kind === 'Mutation') forgetLoaded(request)
      return resolver(parent, args, context, info)
    }
  }
}

SchemaBuilder.registerPlugin('operation', OperationPlugin)

function demandOf<Types extends SchemaTypes>(field: PothosOutputFieldConfig<Types>): Demand | undefined {
  if (field.kind !== 'Query' && field.kind !== 'Mutation') return undefined
  const { permission } = field.pothosOptions as { permission?: Demand }
  if (permission === undefined) throw new Error(`${field.kind}.${field.name} does not say who may call it.`)
  return permission
}

function refuseWithout(caller: Caller, demand: Demand): void {
  if (demand === 'authenticated' || caller.can(demand)) return
  throw new ApiError(
    'FORBIDDEN',
    `Permission denied: this needs the permission ${demand}, which the token "${caller.name}" does not have. Someone who has it can make such a token with appsAdd.`,
    { details: { permission: demand } },
  )
}

/** PostgreSQL keeps no text with this character; inside JSON arguments it is replaced where it is stored. */
const NUL = '\u0000'

function refuseNul(args: object): void {
  for (const [name, value] of Object.entries(args)) {
    const texts: unknown[] = Array.isArray(value) ? value : [value]
    if (texts.some((text) => typeof text === 'string' && text.includes(NUL))) {
      throw new ApiError('BAD_USER_INPUT', `${name} holds the character U+0000. Send it without.`)
    }
  }
}
