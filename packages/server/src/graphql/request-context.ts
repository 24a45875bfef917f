import type { Authenticated } from '../account/authenticate.ts'
import type { Context } from '../context.ts'

/** What every resolver gets: who asks, under which request id, and the process's effects. */
export interface RequestContext extends Authenticated {
  context: Context
  requestId: string
  /** An operation with side effects that is a published query is refused over GET. */
  httpMethod: 'GET' | 'POST'
}
