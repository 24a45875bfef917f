import { createHash } from 'node:crypto'
import {
  type Change,
  checkVersionBump,
  compareVersions,
  type Definition,
  diffDefinitions,
  type Finding,
  parseDefinition,
} from 'miniapp'
import { recordPlatformAct } from '../account/record-platform-act.ts'
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

export interface Registration {
  ns: string
  version: string
  versionId: string
  /** `unchanged`: this very document was registered before. */
  outcome: 'registered' | 'unchanged'
  /** Warnings and notes of validation; errors refuse the registration. */
  findings: Finding[]
  /** What differs from the version that was published before; empty for a first version and an unchanged one. */
  changes: Change[]
}

/** One line in the log for each registration, whoever asked for it. */
export function logRegistration({ log }: Pick<Context, 'log'>, registration: Registration): void {
  const { ns, version, outcome: status } = registration
  log.info('app.registered', { ns, version, status })
}

/**
 * Registers a definition as the operator does: validated, stored for good under (ns, version), and published.
 *
 * A version is immutable. Installs do not move here: `install/follow-version.ts` moves them.
 * @throws ApiError BAD_USER_INPUT where the document is invalid (`details.findings`), where the version exists with
 *   another content, where it does not raise the published version, or where it breaks that one and its number does not
 *   say so (`details.changes`, `details.requiredVersion`)
 */
export async function registerDefinition(context: Context, document: unknown): Promise<Registration> {
  const { definition, findings } = parseDefinition(document, { by: 'operator' })
  if (!definition) throw invalid(findings)
  const text = JSON.stringify(definition)
  const sha256 = digestOf(text)
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
      if (sha256.equals(same.sha256))
        return { ...answer, versionId: same.id, outcome: 'unchanged', changes: [] }
      throw new ApiError(
        'BAD_USER_INPUT',
        `Version ${definition.version} of "${definition.ns}" is registered with another content, and a version never changes. Raise "version" and register again.`,
        { details: { ns: definition.ns, version: definition.version } },
      )
    }
    const published = app.publishedVersionId ? await findVersionById(trx, app.publishedVersionId) : undefined
    const changes = published ? changesSince(published, definition) : []
    await insertVersion(trx, candidate)
    await publishVersion(trx, { ns: definition.ns, versionId: candidate.id, status: definition.status })
    await recordPlatformAct(context, trx, {
      kind: 'definition.registered',
      ns: definition.ns,
      subjectId: candidate.id,
      details: { version: definition.version },
    })
    return { ...answer, versionId: candidate.id, outcome: 'registered', changes }
  })
}

/**
 * The registration of this very document, where it was registered before: known without validating it again, which for a
 * whole catalog takes a good part of a start.
 */
export async function findRegistration(
  context: Context,
  document: unknown,
): Promise<Registration | undefined> {
  const { ns, version } = (document ?? {}) as Partial<Definition>
  if (typeof ns !== 'string' || typeof version !== 'string') return undefined
  const same = await findVersion(context.db.sql, { ns, version })
  if (!same || !digestOf(JSON.stringify(document)).equals(same.sha256)) return undefined
  return { ns, version, versionId: same.id, outcome: 'unchanged', findings: [], changes: [] }
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()

/** @throws ApiError where the version does not follow the published one, or says too little about what it breaks */
function changesSince(published: StoredVersion, definition: Definition): Change[] {
  const { ns, version } = definition
  const diff = diffDefinitions(JSON.parse(published.definition) as Definition, definition)
  if (compareVersions(version, published.version) <= 0) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `Version ${version} of "${ns}" does not raise the published version ${published.version}. Give it a higher one.`,
      { details: { ns, version, publishedVersion: published.version } },
    )
  }
  const fault = checkVersionBump(published.version, version, diff)
  if (fault?.severity !== 'error') return diff.changes
  const breaking = diff.changes.filter(({ kind }) => kind === 'breaking')
  const rest = breaking.length > 1 ? ` (and ${breaking.length - 1} more)` : ''
  throw new ApiError(
    'BAD_USER_INPUT',
    `Version ${version} of "${ns}" ${fault.says}: ${breaking[0]?.reason}${rest} Call it ${fault.requiredVersion} or higher, or take the change back.`,
    {
      details: {
        ns,
        version,
        publishedVersion: published.version,
        requiredVersion: fault.requiredVersion,
        changes: breaking,
      },
    },
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
