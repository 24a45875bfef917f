import type { RecordingResult } from 'miniapp/package'
import { type PlacedFinding, placeAt } from '../definition/check-source.ts'
import type { Source } from '../definition/read-source.ts'
import type { Paint } from '../paint.ts'
import { placeName, renderFindings } from './findings.ts'
import { indent } from './indent.ts'

/** A recorded test, and what came of it. */
export interface TestedFile {
  source: Source
  outcome: RecordingResult['outcome'] | 'unreadable'
  result: RecordingResult | undefined
  findings: readonly PlacedFinding[]
}

const OUTCOMES = {
  same: 'good',
  live: 'faint',
  differs: 'bad',
  unreadable: 'bad',
} as const satisfies Record<TestedFile['outcome'], keyof Paint>

const WIDTH = Math.max(...Object.keys(OUTCOMES).map((name) => name.length))

/** One line a test, below it what differs; then how many there are of each. */
export function renderTests(files: readonly TestedFile[], paint: Paint): string {
  return [files.map((file) => renderTest(file, paint)).join('\n'), summarise(files, paint)].join('\n\n')
}

function renderTest(file: TestedFile, paint: Paint): string {
  const { outcome } = file
  const head = `${paint[OUTCOMES[outcome]](outcome)}${' '.repeat(WIDTH - outcome.length)}  ${file.source.name}`
  if (outcome === 'unreadable') return [head, indent(renderFindings(file, paint))].join('\n')
  const differences = (file.result?.differences ?? []).map(({ pointer, message }) => {
    const place = placeName(file.source, placeAt(file.source, pointer))
    return indent(`${paint.place(place)}  ${message}`)
  })
  return [head, ...differences].join('\n')
}

function summarise(files: readonly TestedFile[], paint: Paint): string {
  const counts = Object.keys(OUTCOMES)
    .map((outcome) => ({ outcome, count: files.filter((file) => file.outcome === outcome).length }))
    .filter(({ count }) => count > 0)
    .map(({ count, outcome }) => `${count} ${outcome}`)
  const isGood = files.every(({ outcome }) => OUTCOMES[outcome] !== 'bad')
  const number = `${files.length} recorded test${files.length === 1 ? '' : 's'}`
  return (isGood ? paint.good : paint.bad)(`${number}: ${counts.join(', ')}.`)
}
