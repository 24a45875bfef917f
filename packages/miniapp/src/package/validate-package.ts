import { compileDefinition } from '../compile.ts'
import type { Definition } from '../document.ts'
import type { Finding, ValidationLevel } from '../rules/codes.ts'
import type { SubmittedBy } from '../rules/rule.ts'
import { validate } from '../validate.ts'
import type { PackageFile } from './package-file.ts'
import type { RunFunction } from './play-recording.ts'
import { type Recording, readRecording } from './recording.ts'
import { type RecordingResult, recordingFindings, runRecordings } from './run-recordings.ts'
import { readSample, type Sample } from './sample.ts'
import { watchMappings } from './watch-mappings.ts'

/** The files of a package that are checked (specification 8.1), parsed. */
export interface PackageFiles {
  definition: unknown
  samples: readonly PackageFile[]
  /** Of `tests/` and `fixtures/`. */
  tests: readonly PackageFile[]
}

export interface PackageOptions {
  /** Runs an App Function in a sandbox: of `Effects`. */
  runFunction: RunFunction
  /** Who hands the package in; default `partner`. */
  by?: SubmittedBy
  /** How strictly the definition is judged; default `submission`. */
  level?: ValidationLevel
}

/** What checking a package found out. */
export interface CheckedPackage {
  /** Those of the definition in the order of the document, then those of the files. */
  findings: Finding[]
  /** One for each recorded test that could be read; empty where the definition has errors: nothing was run then. */
  results: RecordingResult[]
}

/** Everything that is wrong or doubtful in a package: {@link checkPackage} without the results. Never rejects. */
export async function validatePackage(files: PackageFiles, options: PackageOptions): Promise<Finding[]> {
  const { findings } = await checkPackage(files, options)
  return findings
}

/**
 * Validates the definition with the samples, then runs every recorded test through the interpreter; what a definition
 * with errors would do says nothing more. Takes any values and never rejects.
 */
export async function checkPackage(
  { definition, samples, tests }: PackageFiles,
  { runFunction, by = 'partner', level = 'submission' }: PackageOptions,
): Promise<CheckedPackage> {
  const readSamples = samples.map(readSample)
  const readTests = tests.map(readRecording)
  const ofFiles = [...readSamples, ...readTests].flatMap((one) => one.findings)
  const known = readSamples.flatMap(({ value }) => (value ? [value satisfies Sample] : []))
  const found = validate(definition, { level, by, samples: known })
  const isBroken = found.some(({ severity, file }) => severity === 'error' && file === undefined)
  if (isBroken) return { findings: [...found, ...ofFiles], results: [] }
  const recordings = readTests.flatMap(({ value }) => (value ? [value satisfies Recording] : []))
  const watched = watchMappings(compileDefinition(definition as Definition))
  const results = await runRecordings(watched.compiled, recordings, runFunction)
  return {
    findings: [...found, ...watched.findings(), ...ofFiles, ...recordingFindings(results)],
    results,
  }
}
