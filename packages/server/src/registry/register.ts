import { createHash } from 'node:crypto'
import { type Finding, parseDefinition } from 'miniapp'
import type { Context } from '../context.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError } from '../errors.ts'
import {
  findVersion,
  findVersionById,
  insertVersion,
  lockApp,
  publishVersion,
  type StoredVersion,
} from './store.ts'
import { compareVersions } from './version-order.ts'

export interface Registration {
  ns: string
  version: string
  versionId: string
  /** `unchanged`: this very document was registered before. */
  outcome: 'registered' | 'unchanged'
  /** Warnings and notes of validation; errors refuse the registration. */
  findings: Finding[]
}

/**
 * Registers a definition as the operator does: validated, stored for good under (ns, version), and published.
 *
 * A version is immutable. Installs do not move here: `install/follow-version.ts` moves them.
 * @throws ApiError BAD_USER_INPUT where the document is invalid (`details.findings`), where the version exists with
 *   another content, or where it does not raise the published version
 */
export async function registerDefinition(context: Context, document: unknown): Promise<Registration> {
  const { definition, findings } = parseDefinition(document)
  if (!definition) throw invalid(findings)
  const text = JSON.stringify(definition)
  const sha256 = createHash('sha256').update(text).digest()
  const candidate = {
    id: uuidv7(context.now()),
    ns: definition.ns,
    version: definition.version,
    definition: text,
    sha256,
  }

  return context.db.transaction(async (trx) => {
    const app = await lockApp(trx, { ns: definition.ns, appId: uuidv7(context.now()) })
    const answer = { ns: definition.ns, version: definition.version, findings }
    const same = await findVersion(trx, definition)
    if (same) {
      if (sha256.equals(same.sha256)) return { ...answer, versionId: same.id, outcome: 'unchanged' }
      throw new ApiError(
        'BAD_USER_INPUT',
        `Version ${definition.version} of "${definition.ns}" is registered with another content, and a version never changes. Raise "version" and register again.`,
        { details: { ns: definition.ns, version: definition.version } },
      )
    }
    const published = app.publishedVersionId ? await findVersionById(trx, app.publishedVersionId) : undefined
    if (published) refuseLowerVersion(candidate, published)
    await insertVersion(trx, candidate)
    await publishVersion(trx, { ns: definition.ns, versionId: candidate.id, status: definition.status })
    return { ...answer, versionId: candidate.id, outcome: 'registered' }
  })
}

function refuseLowerVersion(candidate: StoredVersion, published: StoredVersion): void {
  if (compareVersions(candidate.version, published.version) > 0) return
  throw new ApiError(
    'BAD_USER_INPUT',
    `Version ${candidate.version} of "${candidate.ns}" does not raise the published version ${published.version}. Give it a higher one.`,
    { details: { ns: candidate.ns, version: candidate.version, publishedVersion: published.version } },
  )
}

function invalid(findings: Finding[]): ApiError {
  const errors = findings.filter((finding) => finding.severity === 'error')
  const [first] = errors
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const where = first?.path ? `${first.path}: ` : ''
  return new ApiError(
    'BAD_USER_INPUT',
    `The definition is not valid. ${where}${first?.message ?? ''}${rest}`,
    {
      details: { findings },
    },
  )
}
