import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { createWorkspace } from './create-workspace.ts'
import { findDefaultWorkspace, type Workspace } from './store.ts'

/** The workspace that the first start makes. */
const DEFAULT_WORKSPACE = { subdomain: 'main', name: 'Main' } as const

/** The default workspace; made at the first start, also where several processes start at once. */
export async function ensureDefaultWorkspace(context: Context): Promise<Workspace> {
  const existing = await findDefaultWorkspace(context.db.sql)
  if (existing !== undefined) return existing
  try {
    return await createWorkspace(context, DEFAULT_WORKSPACE)
  } catch (error) {
    // Another process was faster and took the subdomain.
    const made = error instanceof ApiError ? await findDefaultWorkspace(context.db.sql) : undefined
    if (made === undefined) throw error
    return made
  }
}
