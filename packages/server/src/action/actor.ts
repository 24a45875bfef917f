import type { Priority } from '../limit/budget.ts'
import type { ActorKind } from './store.ts'

/** People wait in front of a form or a panel; the others are programs, whose calls give way to them at the provider. */
const PRIORITIES = {
  user: 'interactive',
  panel: 'interactive',
  token: 'background',
  mcp: 'background',
  automation: 'background',
} as const satisfies Record<ActorKind, Priority>

export function priorityOf({ kind }: Actor): Priority {
  return PRIORITIES[kind]
}

/** Whoever runs an action or loads a dropdown. */
export interface Actor {
  workspaceId: string
  subdomain: string
  kind: ActorKind
  /** The account behind a user or token; the automation, panel or agent otherwise. Rate limits are counted by it. */
  id: string
}
