/**
 * What one GraphQL request may cost (specification 10.3). Checked before anything runs; each message says what was
 * exceeded and what to do.
 */
import { costLimitPlugin } from '@escape.tech/graphql-armor-cost-limit'
import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth'
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens'
import { GraphQLError, type ValidationContext } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** Bytes of a request body: an action's form input with a long text fits, a file does not belong here. */
export const MAX_BODY_BYTES = 1024 * 1024

/** Characters of a query text; values belong in variables. Bounds what the cache of parsed queries can hold. */
export const MAX_QUERY_CHARACTERS = 64 * 1024

/** Lexical tokens of a query: the query that editors send to read the whole schema has some 600. */
export const MAX_TOKENS = 4_000

/** Levels of fields and fragments. The deepest useful query of this schema has half as many. */
export const MAX_DEPTH = 12

/** Aliased fields: each can be one more run of a costly operation. */
export const MAX_ALIASES = 30

/** A scalar costs 1, an object 2, each level 1.5 times its fields, a list `first` times its item. */
export const MAX_COST = 10_000

const ADVICE = {
  tokens: 'Move values into variables, or send several requests.',
  depth: 'Select fewer levels.',
  aliases: 'Send several requests.',
  cost: 'Select fewer fields, or fewer rows with first.',
} as const

/** Plugins of the engine, in the order in which they check. */
export function limitPlugins(): Plugin[] {
  return [
    maxTokensPlugin({
      n: MAX_TOKENS,
      propagateOnRejection: false,
      onReject: [
        (_context: ValidationContext | null, error: GraphQLError) => {
          throw told(error, 'tokens')
        },
      ],
    }),
    maxDepthPlugin({
      n: MAX_DEPTH,
      flattenFragments: true,
      propagateOnRejection: false,
      onReject: report('depth'),
    }),
    maxAliasesPlugin({ n: MAX_ALIASES, propagateOnRejection: false, onReject: report('aliases') }),
    costLimitPlugin({
      maxCost: MAX_COST,
      flattenFragments: true,
      propagateOnRejection: false,
      onReject: report('cost'),
    }),
  ] as Plugin[]
}

type Limit = keyof typeof ADVICE

function report(limit: Limit) {
  return [
    (context: ValidationContext | null, error: GraphQLError) => context?.reportError(told(error, limit)),
  ]
}

/** The packages call every refusal a syntax error. */
function told(error: GraphQLError, limit: Limit): GraphQLError {
  return new GraphQLError(`${error.message.replace(/^Syntax Error: /, '')} ${ADVICE[limit]}`)
}

/** What validation says when a limit of its own is reached (graphql-js, OverlappingFieldsCanBeMerged). */
const ABORTED = 'Validation aborted.'

/** The same errors, with a reason where validation gave up without one. */
export function explainAborted(errors: readonly GraphQLError[]): readonly GraphQLError[] {
  return errors.map((error) =>
    error.message === ABORTED
      ? new GraphQLError(
          'The query repeats fields so often that they cannot be compared. Select each field once.',
        )
      : error,
  )
}
