/** A node of what `explain (analyze, format json)` says. */
export interface Plan {
  'Node Type': string
  'Subplan Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

/** All nodes of what `explain (analyze, format json)` answered: the one row. */
export function explainedNodes(row: unknown): Plan[] {
  const [[{ Plan: plan }]] = Object.values(row as object) as [[{ Plan: Plan }]]
  return nodesOf(plan)
}

/** The node and all below it. */
export function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
}

/** By all nodes together, those that a filter dropped included. */
export function rowsRead(nodes: readonly Plan[]): number {
  return nodes.reduce(
    (sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
    0,
  )
}
