import { compileDefinition } from '../../packages/miniapp/src/compile.ts'
import type { Definition } from '../../packages/miniapp/src/document.ts'
import type { RunFunction } from '../../packages/miniapp/src/package/play-recording.ts'
import { validatePackage } from '../../packages/miniapp/src/package/validate-package.ts'
import type { Finding } from '../../packages/miniapp/src/rules/codes.ts'
import type { Mutant, MutationClass } from './mutation.ts'
import { doing, keyOf, type Subject, touchedBy } from './subject.ts'

/** What came of one mutant. */
export interface Verdict {
  /** What is not as it should be. */
  fault?: 'threw' | 'silent' | 'wrongCode' | 'wrongPlace' | 'falseAlarms'
  /** What the mutant was found by: the rules, or only by its recordings; or it means the same. */
  found: 'byRules' | 'byRecordings' | 'not'
  message: string
}

/**
 * Checks a mutant as a package is checked, with the recordings that the change can reach. Where nothing is found, what the
 * mutant does is compared with what the definition did before.
 */
export async function judge(
  subject: Subject,
  { expects, mayMeanTheSame = false }: MutationClass,
  mutant: Mutant,
  runFunction: RunFunction,
): Promise<Verdict> {
  try {
    const findings = await newFindings(subject, mutant, runFunction)
    const found = foundBy(findings)
    if (expects.length === 0) {
      if (findings.length > 0) return { fault: 'falseAlarms', found, message: told(findings) }
      return (await isSame(subject, mutant, runFunction))
        ? { found, message: '' }
        : { fault: 'silent', found, message: 'it does something else' }
    }
    if (findings.length === 0) {
      const same = await isSame(subject, mutant, runFunction)
      if (!same) return { fault: 'silent', found, message: 'it does something else' }
      return mayMeanTheSame
        ? { found, message: '' }
        : { fault: 'wrongCode', found, message: 'nothing is found' }
    }
    const fitting = findings.filter(({ code }) => expects.includes(code))
    if (fitting.length === 0) return { fault: 'wrongCode', found, message: told(findings) }
    const isNear = fitting.some(
      ({ path, file }) => file !== undefined || mutant.places.some((one) => near(one, path)),
    )
    return isNear ? { found, message: '' } : { fault: 'wrongPlace', found, message: told(fitting) }
  } catch (error) {
    return {
      fault: 'threw',
      found: 'not',
      message: error instanceof Error ? (error.stack ?? '') : String(error),
    }
  }
}

async function newFindings(
  subject: Subject,
  { document, places }: Mutant,
  runFunction: RunFunction,
): Promise<Finding[]> {
  const { samples } = subject.app
  const tests = touchedBy(places, subject).map(({ file, ...value }) => ({ file, value }))
  const findings = await validatePackage(
    { definition: document, samples, tests },
    { runFunction, by: 'operator' },
  )
  return findings.filter((finding) => !subject.known.has(keyOf(finding)))
}

function foundBy(findings: readonly Finding[]): Verdict['found'] {
  if (findings.length === 0) return 'not'
  const isRecorded = ({ code }: Finding) => code === 'recording-differs' || code === 'mapping-never-matches'
  return findings.every(isRecorded) ? 'byRecordings' : 'byRules'
}

/** Whether the mutant does in all recordings what the definition did. */
async function isSame(subject: Subject, mutant: Mutant, runFunction: RunFunction): Promise<boolean> {
  const compiled = compileDefinition(mutant.document as Definition)
  for (const recording of touchedBy(mutant.places, subject)) {
    const done = await doing(compiled, recording, runFunction)
    if (done !== subject.before.get(recording.file)) return false
  }
  return true
}

/** One stands at, above or below the other, or both in one object. */
function near(left: string, right: string): boolean {
  const ownerOf = (pointer: string) => pointer.slice(0, pointer.lastIndexOf('/'))
  return (
    left === right ||
    left.startsWith(`${right}/`) ||
    right.startsWith(`${left}/`) ||
    ownerOf(left) === ownerOf(right)
  )
}

/** Findings that a message repeats. */
const SHOWN_FINDINGS = 3

function told(findings: readonly Finding[]): string {
  return findings
    .slice(0, SHOWN_FINDINGS)
    .map(({ code, path, file = '' }) => `${code} at ${file}${path}`)
    .join(', ')
}
