/** Takes the wall down, so that the campaign can show that it would notice: statements on one table lose their workspace. */
import {
  type BinaryOperationNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type ReferenceNode,
  type Transaction,
} from 'kysely'
import type { Database } from '../../packages/server/src/db/client.ts'
import type { Schema } from '../../packages/server/src/db/schema.ts'
import { allWorkspaces } from '../../packages/server/test/all-workspaces.ts'

/** `workspace_id = $1` becomes `workspace_id = workspace_id`. */
class Forgetful extends OperationNodeTransformer {
  protected override transformBinaryOperation(node: BinaryOperationNode): BinaryOperationNode {
    const { leftOperand, rightOperand } = node
    const names = leftOperand.kind === 'ReferenceNode' ? columnOf(leftOperand as ReferenceNode) : undefined
    if (names !== 'workspace_id' || rightOperand.kind !== 'ValueNode') return node
    return { ...node, rightOperand: leftOperand }
  }
}

const columnOf = ({ column }: ReferenceNode) =>
  column.kind === 'ColumnNode' ? column.column.name : undefined

/** @param table as the database names it, such as `app_token` */
export function breached(db: Database, table: string): Database {
  const forgetful = new Forgetful()
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) =>
      node.kind !== 'RawNode' && JSON.stringify(node).includes(`"name":"${table}"`)
        ? forgetful.transformNode(node)
        : node,
    transformResult: ({ result }) => Promise.resolve(result),
  }
  return {
    ...db,
    sql: allWorkspaces(db.sql.withPlugin(plugin)),
    transaction: (body) =>
      db.transaction((trx) => body(allWorkspaces(trx.withPlugin(plugin) as Transaction<Schema>))),
  }
}
