import type { Finding } from 'miniapp'
import type { RecordingResult } from 'miniapp/package'
import { createLocalFunctions } from '../local/run-function.ts'
import type { CheckedSource } from '../render/findings.ts'
import { faultFindings, type Judgement, placeFindings } from './check-source.ts'
import { type PackageSource, type PackageSources, parsedFiles } from './read-package.ts'
import type { Source } from './read-source.ts'

export interface CheckedSources {
  /** The definition first, then the files beside it, each with what was found in it. */
  checked: CheckedSource[]
  /** One for each recorded test that could be read; empty where the definition has errors. */
  results: RecordingResult[]
}

/** Checks a definition with the files beside it; App Functions run in a thread of this process. */
export async function checkPackageSources(
  definition: Source,
  { samples, tests }: PackageSources,
  judgement: Judgement,
): Promise<CheckedSources> {
  const { parsed } = definition
  if (!parsed.ok) {
    return {
      checked: [{ source: definition, findings: faultFindings(definition, parsed.faults) }],
      results: [],
    }
  }
  const { checkPackage } = await import('miniapp/package')
  const functions = createLocalFunctions()
  const files = {
    definition: parsed.value,
    samples: parsedFiles(samples),
    tests: parsedFiles(tests),
  }
  try {
    const { runFunction } = functions
    const { findings, results } = await checkPackage(files, { runFunction, ...judgement })
    const own = findings.filter(({ file }) => file === undefined)
    return {
      checked: [
        { source: definition, findings: placeFindings(definition, own) },
        ...[...samples, ...tests].map((one) => checkedFile(one, findings)),
      ],
      results,
    }
  } finally {
    await functions.close()
  }
}

function checkedFile({ file, source }: PackageSource, findings: readonly Finding[]): CheckedSource {
  const { parsed } = source
  if (!parsed.ok) return { source, findings: faultFindings(source, parsed.faults) }
  return {
    source,
    findings: placeFindings(
      source,
      findings.filter((one) => one.file === file),
    ),
  }
}
