import type { Diff } from './diff.ts'
import { carriesBump, compareVersions, requiredVersion } from './version.ts'

/** Why a version cannot, or should not, follow another one. */
export interface VersionFault {
  code: 'version-bump-too-small' | 'version-not-raised'
  /** A `warning` where only something additive is not announced: that breaks nobody. */
  severity: 'error' | 'warning'
  /** The lowest version that would do. */
  requiredVersion: string
  /** The end of a sentence that begins with the version. */
  says: string
}

/**
 * Whether the number of a version says what it does to those who use the one before (specification 1.2): it is higher,
 * and something breaking raises the major number, before 1.0.0 the minor number.
 */
export function checkVersionBump(
  before: string,
  after: string,
  { changes, bump }: Diff,
): VersionFault | undefined {
  if (compareVersions(after, before) <= 0) {
    if (after === before && bump === 'none') return undefined
    const required = requiredVersion(before, bump === 'none' ? 'patch' : bump)
    return {
      code: 'version-not-raised',
      severity: 'error',
      requiredVersion: required,
      says: `does not raise ${before}`,
    }
  }
  if (carriesBump(before, after, bump)) return undefined
  const isBreaking = bump === 'major'
  const count = changes.filter(({ kind }) => kind === (isBreaking ? 'breaking' : 'additive')).length
  const nouns = count === 1 ? 'change' : 'changes'
  return {
    code: 'version-bump-too-small',
    severity: isBreaking ? 'error' : 'warning',
    requiredVersion: requiredVersion(before, bump),
    says: `does not announce ${count} ${isBreaking ? 'breaking' : 'additive'} ${nouns} since ${before}`,
  }
}
