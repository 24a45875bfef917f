import type { CompiledDefinition } from '../compile.ts'
import { type Finding, finding } from '../rules/codes.ts'
import { compareRecording, type RecordingDifference } from './compare-recording.ts'
import { inFile } from './package-file.ts'
import { playRecording, type RunFunction } from './play-recording.ts'
import { findPart, partTitle, unknownPart } from './recorded-part.ts'
import { isPlayable, type Recording } from './recording.ts'

/** What came of one recording. */
export interface RecordingResult {
  recording: Recording
  /** `live`: it holds no exchanges and was not run. */
  outcome: 'same' | 'differs' | 'live'
  differences: RecordingDifference[]
}

/** Runs recordings one after the other, in their order. Never rejects. */
export async function runRecordings(
  compiled: CompiledDefinition,
  recordings: readonly Recording[],
  runFunction: RunFunction,
): Promise<RecordingResult[]> {
  const results: RecordingResult[] = []
  for (const recording of recordings) {
    const differences = await differencesFrom(compiled, recording, runFunction)
    const outcome = differences.length > 0 ? 'differs' : isPlayable(recording) ? 'same' : 'live'
    results.push({ recording, outcome, differences })
  }
  return results
}

async function differencesFrom(
  compiled: CompiledDefinition,
  recording: Recording,
  runFunction: RunFunction,
): Promise<RecordingDifference[]> {
  const part = findPart(compiled, recording)
  if (!part) return [unknownPart(compiled, recording)]
  if (!isPlayable(recording)) return []
  return compareRecording(recording, await playRecording(compiled, part, recording, runFunction))
}

/** Differences that one message tells; the first explain the rest. */
const SHOWN_DIFFERENCES = 3

/** One finding for each recording that differs, at the first difference. */
export function recordingFindings(results: readonly RecordingResult[]): Finding[] {
  return results.flatMap(({ recording, differences }) => {
    const [first] = differences
    if (!first) return []
    const shown = differences.slice(0, SHOWN_DIFFERENCES).map(({ message }) => message)
    const more = differences.length - shown.length
    const told = [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ').replace(/[.?]$/, '')
    const message = `${partTitle(recording)} does something else than is recorded: ${told}. Correct the definition, or the recording where it is out of date.`
    return inFile(recording.file, [finding('recording-differs', first.pointer, message)])
  })
}
