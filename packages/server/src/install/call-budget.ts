import type { Definition } from 'miniapp'
import type { BudgetedCall, Pace, Priority } from '../limit/budget.ts'
import type { LiveInstall } from './live-install.ts'

/** The budget that requests of an install draw on, at the provider. */
export function callBudget({ install, compiled }: LiveInstall, priority: Priority): BudgetedCall {
  const { workspaceId, id: installId } = install
  return { workspaceId, installId, declared: declaredPace(compiled.definition), priority }
}

/** What a definition says that its provider allows: the pace of its sync is meant so too, where nothing else is said. */
export function declaredPace({ rateLimit, sync }: Pick<Definition, 'rateLimit' | 'sync'>): Pace | undefined {
  if (rateLimit) return { requests: rateLimit.requests, perMs: rateLimit.perSeconds * 1000 }
  const perSecond = sync?.syncConfiguration?.rateLimitPerSecond
  if (perSecond === undefined) return undefined
  return perSecond >= 1
    ? { requests: Math.floor(perSecond), perMs: 1000 }
    : { requests: 1, perMs: Math.ceil(1000 / perSecond) }
}
