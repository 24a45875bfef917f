/**
 * Which tables of workspaces a statement touches without saying whose rows it means.
 *
 * A table is bound where every row that the statement can reach has its `workspace_id` compared with a value for equality,
 * directly or through another bound table; an inserted row is bound by its own `workspace_id`. What cannot be read, text
 * of `sql` fragments above all, is not bound.
 */
import {
  type BinaryOperationNode,
  type DeleteQueryNode,
  type InsertQueryNode,
  type JoinNode,
  type OperationNode,
  type RawNode,
  ReferenceNode,
  type SelectQueryNode,
  TableNode,
  type UpdateQueryNode,
  ValueNode,
} from 'kysely'
import { GLOBAL_TABLES, WORKSPACE_TABLES } from './schema.ts'

export interface Binding {
  /** Tables of workspaces, by their names in the database, of which rows of any workspace may be meant. */
  unbound: ReadonlySet<string>
  /** The values that `workspace_id` is compared with. */
  values: ReadonlySet<ValueNode>
}

/** A table in FROM, JOIN, USING, or the one that is written. */
interface Source {
  table: string
  alias: string
}

/** `workspace_id = …`; `only` is the one alias that it binds, for the right side of a left join. */
interface Equality {
  left: OperationNode
  right: OperationNode
  only: string | undefined
}

type Block = SelectQueryNode | UpdateQueryNode | DeleteQueryNode

const KEY = 'workspace_id'
const GLOBAL: ReadonlySet<string> = new Set(GLOBAL_TABLES)
const OF_WORKSPACES: ReadonlySet<string> = new Set(Object.keys(WORKSPACE_TABLES))
/** Global, and still with a column of this name. */
const GLOBAL_WITH_KEY: ReadonlySet<string> = new Set(['provider_account'])
/** Those whose ON holds for every row that comes out. */
const INNER: ReadonlySet<string> = new Set(['InnerJoin', 'LateralInnerJoin'])
const LEFT: ReadonlySet<string> = new Set(['LeftJoin', 'LateralLeftJoin'])
/** Partitions are called `action_run_20260102`. */
const PARTITION_SUFFIX = /_\d{8}$/

/**
 * Text whose tables cannot be read: names in escapes, text that runs other text, dumps as XML, connections to elsewhere, and
 * the statistics, which hold values of all workspaces.
 */
const OPAQUE =
  /\bu&"|\bdo\s+(?:language\b|\$|')|\bexecute\b|_to_xml|\bdblink|\bpg_statistic|\bpg_stats\b|\bpg_read_/

/** In the place of the tables of such a text; nothing but an exemption of all tables allows it. */
const ANY_TABLE = 'tables that its text hides'

/** @param root as compiled: names are those of the database */
export function bindingOf(root: OperationNode): Binding {
  const reader = new StatementReader()
  reader.read(root, new Set())
  return reader
}

class StatementReader implements Binding {
  readonly unbound = new Set<string>()
  readonly values = new Set<ValueNode>()
  /** Names of WITH: they stand for statements that are read themselves. */
  readonly #named = new Set<string>()

  /** @param bound aliases of the statements around this one that are bound */
  read(node: OperationNode, bound: ReadonlySet<string>): void {
    const read = this.#readers[node.kind]
    if (read === undefined) this.#readChildren(node, bound)
    else read(node, bound)
  }

  readonly #readers: Partial<
    Record<OperationNode['kind'], (node: OperationNode, bound: ReadonlySet<string>) => void>
  > = {
    SelectQueryNode: (node, bound) => this.#readBlock(node as SelectQueryNode, bound),
    UpdateQueryNode: (node, bound) => this.#readBlock(node as UpdateQueryNode, bound),
    DeleteQueryNode: (node, bound) => this.#readBlock(node as DeleteQueryNode, bound),
    InsertQueryNode: (node, bound) => this.#readInsert(node as InsertQueryNode, bound),
    RawNode: (node, bound) => this.#readRaw(node as RawNode, bound),
    ReferenceNode: () => {},
    // Plain values, of as many rows as a batch has.
    PrimitiveValueListNode: () => {},
    // Outside of the statements above, such as in DDL and MERGE: nothing says whose rows are meant.
    TableNode: (node) => this.#mention(nameOf(node as TableNode)),
  }

  #readChildren(node: OperationNode, bound: ReadonlySet<string>): void {
    for (const child of childrenOf(node)) this.read(child, bound)
  }

  #readBlock(block: Block, outer: ReadonlySet<string>): void {
    this.#readNames(block)
    const { sources, others } = sourcesOf(block)
    const own = sources.filter(({ table }) => !this.#named.has(table) || OF_WORKSPACES.has(table))
    const bound = this.#bind(own, equalitiesOf(block), outer)
    for (const { table, alias } of own) if (!bound.has(alias)) this.#mention(table)
    if (block.kind === 'UpdateQueryNode' && setsKey(block)) for (const { table } of own) this.#mention(table)
    for (const child of childrenOf(block)) {
      if (
        child.kind !== 'FromNode' &&
        child.kind !== 'UsingNode' &&
        child.kind !== 'JoinNode' &&
        child !== tableOf(block)
      ) {
        this.read(child, bound)
      }
    }
    for (const other of others) this.read(other, bound)
  }

  /** Statements of WITH come before whatever reads their names. */
  #readNames(block: Block | InsertQueryNode): void {
    for (const { name } of block.with?.expressions ?? []) this.#named.add(nameOf(name.table))
  }

  /** The aliases of workspaces' tables that the equalities bind, directly or one through the other. */
  #bind(own: Source[], equalities: Equality[], outer: ReadonlySet<string>): Set<string> {
    const bound = new Set(outer)
    for (const { alias } of own) bound.delete(alias)
    const aliasOf = (node: OperationNode) => keyAlias(node, own, outer)
    for (let before = -1; before !== bound.size; ) {
      before = bound.size
      for (const { left, right, only } of equalities) {
        for (const [one, other] of [
          [left, right],
          [right, left],
        ] as const) {
          const alias = aliasOf(one)
          if (alias === undefined || (only !== undefined && only !== alias)) continue
          if (isParameter(other)) this.values.add(other)
          if (isParameter(other) || bound.has(aliasOf(other) ?? '')) bound.add(alias)
        }
      }
    }
    return bound
  }

  #readInsert(insert: InsertQueryNode, bound: ReadonlySet<string>): void {
    this.#readNames(insert)
    const table = insert.into === undefined ? undefined : nameOf(insert.into)
    if (table !== undefined && isOfWorkspace(table) && !insertsKey(insert)) this.#mention(table)
    for (const child of childrenOf(insert)) if (child !== insert.into) this.read(child, bound)
  }

  #readRaw(raw: RawNode, bound: ReadonlySet<string>): void {
    const text = raw.sqlFragments.join(' ').toLowerCase()
    // A fragment that ends, or begins, in the middle of a word may be completed by the next one.
    if (OPAQUE.test(text) || raw.parameters.some((parameter, index) => joinsWord(raw, parameter, index))) {
      this.unbound.add(ANY_TABLE)
    }
    for (const [word] of text.matchAll(/[a-z_][a-z0-9_]*/g)) {
      if (OF_WORKSPACES.has(word.replace(PARTITION_SUFFIX, ''))) this.#mention(word)
    }
    for (const parameter of raw.parameters) {
      const name = soleName(parameter)
      if (name !== undefined && OF_WORKSPACES.has(name)) this.#mention(name)
      this.read(parameter, bound)
    }
  }

  #mention(table: string): void {
    if (isOfWorkspace(table) && !(this.#named.has(table) && !OF_WORKSPACES.has(table))) {
      this.unbound.add(table.replace(PARTITION_SUFFIX, ''))
    }
  }
}

/** Also a table that the schema does not know. */
function isOfWorkspace(table: string): boolean {
  return !GLOBAL.has(table) && !table.startsWith('pg_')
}

function isParameter(node: OperationNode): node is ValueNode {
  return ValueNode.is(node) && node.immediate !== true
}

function tableOf(block: Block): OperationNode | undefined {
  return block.kind === 'UpdateQueryNode' ? block.table : undefined
}

/** The tables of a block, and what else stands in their place: subqueries, functions, conditions of joins. */
function sourcesOf(block: Block): { sources: Source[]; others: OperationNode[] } {
  const joins = block.joins ?? []
  const using = block.kind === 'DeleteQueryNode' ? (block.using?.tables ?? []) : []
  const items = [...(block.from?.froms ?? []), ...using, ...joins.map(({ table }) => table)]
  const written = tableOf(block)
  if (written !== undefined) items.push(written)
  const sources: Source[] = []
  const others: OperationNode[] = joins.flatMap(({ on }) => on ?? [])
  for (const item of items.flatMap((one) => (one.kind === 'ListNode' ? childrenOf(one) : [one]))) {
    const source = sourceOf(item)
    if (source === undefined) others.push(item)
    else sources.push(source)
  }
  return { sources, others }
}

function sourceOf(item: OperationNode): Source | undefined {
  if (TableNode.is(item)) return { table: nameOf(item), alias: nameOf(item) }
  if (item.kind !== 'AliasNode') return undefined
  const { node, alias } = item as OperationNode & {
    node: OperationNode
    alias: OperationNode & { name?: string }
  }
  return TableNode.is(node) && alias.name !== undefined
    ? { table: nameOf(node), alias: alias.name }
    : undefined
}

function equalitiesOf(block: Block): Equality[] {
  const ofJoins = (block.joins ?? []).flatMap((join) => equalitiesOfJoin(join))
  return [
    ...ofJoins,
    ...conjunctsOf(block.where?.where).map((operands) => ({ ...operands, only: undefined })),
  ]
}

function equalitiesOfJoin({ joinType, table, on }: JoinNode): Equality[] {
  if (!INNER.has(joinType) && !LEFT.has(joinType)) return []
  const alias = sourceOf(table)?.alias
  if (LEFT.has(joinType) && alias === undefined) return []
  return conjunctsOf(on?.on).map((operands) => ({
    ...operands,
    only: LEFT.has(joinType) ? alias : undefined,
  }))
}

/** The equalities that hold wherever the condition does. */
function conjunctsOf(condition: OperationNode | undefined): { left: OperationNode; right: OperationNode }[] {
  if (condition === undefined) return []
  if (condition.kind === 'ParensNode')
    return conjunctsOf((condition as OperationNode & { node: OperationNode }).node)
  if (condition.kind === 'AndNode') return childrenOf(condition).flatMap(conjunctsOf)
  if (condition.kind !== 'BinaryOperationNode') return []
  const { leftOperand: left, operator, rightOperand: right } = condition as BinaryOperationNode
  return 'operator' in operator && operator.operator === '=' ? [{ left, right }] : []
}

/** The alias of the table whose workspace the node names; undefined where it names none. */
function keyAlias(node: OperationNode, own: Source[], outer: ReadonlySet<string>): string | undefined {
  if (!ReferenceNode.is(node) || node.column.kind !== 'ColumnNode') return undefined
  const column = node.column.column.name
  if (node.table === undefined) {
    const owners = own.filter(({ table }) => isOfWorkspace(table) || GLOBAL_WITH_KEY.has(table))
    return column === KEY && owners.length === 1 ? owners[0]?.alias : undefined
  }
  const alias = nameOf(node.table)
  const source = own.find((one) => one.alias === alias)
  if (source === undefined) return column === KEY && outer.has(alias) ? alias : undefined
  return column === (source.table === 'workspace' ? 'id' : KEY) ? alias : undefined
}

/** Moving a row to another workspace is as much as deleting it in one and making it in another. */
function setsKey(update: UpdateQueryNode): boolean {
  return (update.updates ?? []).some(
    ({ column }) => column.kind === 'ColumnNode' && columnName(column) === KEY,
  )
}

/** Whether every row brings its workspace, and a row that is there already is changed only in the same one. */
function insertsKey({ columns = [], values, onConflict }: InsertQueryNode): boolean {
  if (!columns.some((column) => column.column.name === KEY) || values?.kind !== 'ValuesNode') return false
  if (onConflict?.updates === undefined) return true
  const moves = onConflict.updates.some(({ column }) => columnName(column) === KEY)
  return !moves && (onConflict.columns ?? []).some((column) => column.column.name === KEY)
}

function columnName(column: OperationNode): string | undefined {
  return (column as { column?: { name?: string } }).column?.name
}

function nameOf(table: TableNode): string {
  return table.table.identifier.name
}

/** Of `sql.id('install')` and `sql.ref('install')`, which can stand where a table does. */
function soleName(node: OperationNode): string | undefined {
  if (node.kind === 'IdentifierNode') return (node as OperationNode & { name: string }).name
  return ReferenceNode.is(node) && node.column.kind === 'ColumnNode' ? node.column.column.name : undefined
}

function childrenOf(node: OperationNode): OperationNode[] {
  return Object.values(node)
    .flatMap((value: unknown) => value)
    .filter(isNode)
}

function isNode(value: unknown): value is OperationNode {
  return typeof value === 'object' && value !== null && typeof (value as { kind?: unknown }).kind === 'string'
}

/** Whether text of a fragment within a fragment makes one word with the text before or after it. */
function joinsWord(raw: RawNode, parameter: OperationNode, index: number): boolean {
  if (parameter.kind !== 'RawNode') return false
  const inner = (parameter as RawNode).sqlFragments
  const meets = (before = '', after = '') => /\w$/.test(before) && /^\w/.test(after)
  return meets(raw.sqlFragments[index], inner[0]) || meets(inner.at(-1), raw.sqlFragments[index + 1])
}
