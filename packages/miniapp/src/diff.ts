import { compareActions } from './diff/actions.ts'
import { compareAppConfig } from './diff/app-config.ts'
import { compareAuthRequests } from './diff/auth-requests.ts'
import { compareAuthType } from './diff/auth-type.ts'
import type { Change } from './diff/codes.ts'
import { type Comparison, createDiffContext } from './diff/comparison.ts'
import { compareConnectForm } from './diff/connect-form.ts'
import { compareFunctions } from './diff/functions.ts'
import { compareHosts } from './diff/hosts.ts'
import { compareListing } from './diff/listing.ts'
import { compareNeededValues } from './diff/needed-values.ts'
import { compareOauthScopes } from './diff/oauth-scopes.ts'
import { comparePanels } from './diff/panels.ts'
import { compareSources } from './diff/sources.ts'
import { compareSync } from './diff/sync.ts'
import { compareTriggers } from './diff/triggers.ts'
import { compareWebhook } from './diff/webhook.ts'
import type { Definition } from './document.ts'
import type { Bump } from './version.ts'

export type { Change, ChangeCode, ChangeKind, Side } from './diff/codes.ts'

/** In the order of the document. */
const COMPARISONS: readonly Comparison[] = [
  compareListing, // 1.1
  compareAuthType, // 3.1
  compareConnectForm, // 3.1
  compareAppConfig, // 3.1
  compareOauthScopes, // 3.4
  compareAuthRequests, // 3.3, 3.5
  compareNeededValues, // 2.1, 3.2
  compareHosts, // 8.2, 10.4
  compareActions, // 04
  compareFunctions, // 4.3
  compareSources, // 4.5
  compareTriggers, // 1.3
  compareWebhook, // 05
  compareSync, // 06
  comparePanels, // 09
]

export interface Diff {
  /** Breaking ones first, each kind in the order of the document. */
  changes: Change[]
  /** The part of the version that has to be raised at least. */
  bump: Bump
}

const KINDS = ['breaking', 'additive', 'cosmetic'] as const

const BUMPS = { breaking: 'major', additive: 'minor', cosmetic: 'patch' } as const

/**
 * What changes for those who use an app when one version of it follows another (specification 1.2, 8.3), by the meaning
 * of the two documents: order of members, spelling of paths, defaults written out and notes (`x-`) are no changes.
 *
 * Takes any two definitions that validation has passed and never throws.
 */
export function diffDefinitions(before: Definition, after: Definition): Diff {
  const { context, changes } = createDiffContext(before, after)
  if (before.ns === after.ns) for (const compare of COMPARISONS) compare(context)
  else
    context.report(
      'ns-changed',
      'after',
      '/ns',
      `This is another app: ${after.ns} is not a version of ${before.ns}.`,
    )
  const ordered = KINDS.flatMap((kind) => changes.filter((change) => change.kind === kind))
  const [first] = ordered
  return { changes: ordered, bump: first ? BUMPS[first.kind] : 'none' }
}
