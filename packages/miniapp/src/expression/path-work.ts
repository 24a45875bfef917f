/**
 * Nodes that one evaluation may visit before it gives up and selects nothing. A 10 MiB response holds at most about
 * five million; nested `..` and filters can ask for many times more.
 */
export const MAX_VISITED_NODES = 5_000_000

/** Ends an evaluation that then selects nothing. */
export class TooMuchWork extends Error {}

/** One evaluation: its root and the nodes that it may still visit. */
export interface Run {
  readonly root: unknown
  left: number
}

export function spend(run: Run, nodes: number): void {
  run.left -= nodes
  if (run.left < 0) throw new TooMuchWork()
}
