import type { ActorKind } from './store.ts'

/** Whoever runs an action or loads a dropdown. */
export interface Actor {
  workspaceId: string
  subdomain: string
  kind: ActorKind
  /** The account behind a user or token; the automation, panel or agent otherwise. Rate limits are counted by it. */
  id: string
}
