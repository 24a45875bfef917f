/**
 * Isolation by construction (specification 10.2): whatever is sent to the database says whose rows it means, or is on the
 * list of `exemptions.ts`. The guard stands between the query builder and the driver, where every statement passes, also
 * those of `sql` fragments.
 */
import {
  type CompiledQuery,
  type DatabaseConnection,
  OperationNodeTransformer,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  PostgresQueryCompiler,
  type QueryId,
  ValueNode,
} from 'kysely'
import { BoundedCache } from '../cache.ts'
import { UnboundStatementError } from './error.ts'
import { type Exemption, exemptionOf } from './exemptions.ts'
import { withName } from './prepared.ts'
import { bindingOf } from './statement-binding.ts'

/** Texts of statements whose binding is remembered: all of ours, and some hundred lengths of lists. */
const REMEMBERED_STATEMENTS = 2_000

interface Known {
  unbound: readonly string[]
  /** Places in the parameters that hold the workspace. */
  places: readonly number[]
}

/** PostgreSQL over a pool, for statements that name their workspace. */
export class GuardedDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig

  constructor(config: PostgresDialectConfig) {
    super(config)
    this.#config = config
  }

  override createDriver(): PostgresDriver {
    return new GuardedDriver(this.#config)
  }
}

class GuardedDriver extends PostgresDriver {
  readonly #guarded = new WeakSet<DatabaseConnection>()
  /** By text: equal texts are bound alike, whatever built them. */
  readonly #known = new BoundedCache<Known>(REMEMBERED_STATEMENTS)

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection()
    if (this.#guarded.has(connection)) return connection
    this.#guarded.add(connection)
    const executeQuery = connection.executeQuery.bind(connection)
    const streamQuery = connection.streamQuery.bind(connection)
    connection.executeQuery = async (query, options) => {
      this.#refuseUnbound(query)
      return executeQuery(withName(query), options)
    }
    connection.streamQuery = (query, chunkSize, options) => {
      this.#refuseUnbound(query)
      return streamQuery(query, chunkSize, options)
    }
    return connection
  }

  /** @throws UnboundStatementError */
  #refuseUnbound(query: CompiledQuery): void {
    let known = this.#known.get(query.sql)
    if (known === undefined) {
      known = read(query)
      this.#known.set(query.sql, known)
    }
    if (known.unbound.length > 0) refuseTables(known.unbound, query)
    const [first, ...others] = known.places
    if (first === undefined) return
    const workspaceId = query.parameters[first]
    if (typeof workspaceId !== 'string' || workspaceId === '') {
      throw new UnboundStatementError('compares workspace_id with nothing', query.sql)
    }
    if (others.some((place) => query.parameters[place] !== workspaceId)) {
      throw new UnboundStatementError('names two workspaces', query.sql)
    }
  }
}

function refuseTables(unbound: readonly string[], { sql, queryId }: CompiledQuery): void {
  const exemption: Exemption | undefined = exemptionOf(queryId)
  if (exemption?.tables === 'all') return
  const allowed: readonly string[] = exemption?.tables ?? []
  const refused = unbound.filter((table) => !allowed.includes(table))
  if (refused.length > 0) {
    throw new UnboundStatementError(`does not say whose rows of ${refused.join(' and ')} it means`, sql)
  }
}

function read({ query, queryId }: CompiledQuery): Known {
  const { unbound, values } = bindingOf(query)
  return { unbound: [...unbound], places: placesOf(values, query, queryId) }
}

/** Compiles the statement once more, with a mark in the place of each of the values. */
function placesOf(values: ReadonlySet<ValueNode>, query: CompiledQuery['query'], queryId: QueryId): number[] {
  if (values.size === 0) return []
  const mark = Symbol('workspace')
  const marking = new (class extends OperationNodeTransformer {
    protected override transformValue(node: ValueNode): ValueNode {
      return values.has(node) ? ValueNode.create(mark) : node
    }
  })()
  const { parameters } = new PostgresQueryCompiler().compileQuery(marking.transformNode(query), queryId)
  return parameters.flatMap((parameter, place) => (parameter === mark ? [place] : []))
}
