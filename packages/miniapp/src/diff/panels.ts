import type { DashboardApp } from '../document.ts'
import type { Comparison, DiffContext } from './comparison.ts'
import { compareMembers, listByName } from './members.ts'
import { differing } from './same.ts'
import { joined, quoted } from './words.ts'

/** Panels beside the conversation, by key (09). */
export const comparePanels: Comparison = (context) => {
  const { before, after, report } = context
  const { kept, removed, added } = compareMembers(
    listByName(before.dashboardApps, ({ key }) => key),
    listByName(after.dashboardApps, ({ key }) => key),
  )
  for (const { before: gone } of removed)
    report(
      'panel-removed',
      'before',
      `/dashboardApps/${gone.index}`,
      `The panel ${quoted(gone.value.name)} is gone.`,
    )
  for (const { after: come } of added)
    report(
      'panel-added',
      'after',
      `/dashboardApps/${come.index}`,
      `There is a panel ${quoted(come.value.name)}.`,
    )
  for (const { before: from, after: to } of kept)
    comparePanel(context, `/dashboardApps/${to.index}`, { from: from.value, to: to.value })
}

function comparePanel(
  { before, after, report }: DiffContext,
  pointer: string,
  { from, to }: { from: DashboardApp; to: DashboardApp },
): void {
  const name = quoted(to.name)
  const names = (after.actions ?? []).map((action) => action.name)
  const [could, can] = [allowed(from, before.actions), allowed(to, after.actions)]
  // An action that is gone altogether is told with the actions.
  const withdrawn = [...could].filter((action) => !can.has(action) && names.includes(action))
  if (withdrawn.length > 0)
    report(
      'panel-action-withdrawn',
      'after',
      `${pointer}/allowedActions`,
      `The panel ${name} may no longer run ${joined(withdrawn)}.`,
    )
  const old = new Set((before.actions ?? []).map((action) => action.name))
  const granted = [...can].filter((action) => !could.has(action) && old.has(action))
  if (granted.length > 0)
    report(
      'panel-action-allowed',
      'after',
      `${pointer}/allowedActions`,
      `The panel ${name} may also run ${joined(granted)}.`,
    )
  if (from.iframeUrl !== to.iframeUrl)
    report('behaviour-changed', 'after', `${pointer}/iframeUrl`, `The panel ${name} is another page.`)
  if ((from.defaultStatus ?? 'active') !== (to.defaultStatus ?? 'active'))
    report('behaviour-changed', 'after', pointer, `The panel ${name} starts in another state.`)
  if (differing(['name', 'description', 'icon'], from, to).length > 0)
    report('text-changed', 'after', pointer, `The panel ${name} has other words or another icon.`)
}

/** Empty or absent: all actions. */
function allowed(
  { allowedActions = [] }: DashboardApp,
  actions: readonly { name: string }[] = [],
): ReadonlySet<string> {
  return new Set(allowedActions.length > 0 ? allowedActions : actions.map(({ name }) => name))
}
