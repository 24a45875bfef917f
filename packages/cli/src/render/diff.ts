import type { ChangeKind, Definition, Side, VersionFault } from 'miniapp'
import type { PlacedChange } from '../definition/diff-sources.ts'
import type { Source } from '../definition/read-source.ts'
import type { Paint } from '../paint.ts'
import { placeName } from './findings.ts'
import { indent } from './indent.ts'

export interface ShownDiff {
  sources: Readonly<Record<Side, Source>>
  before: Pick<Definition, 'ns' | 'version'>
  after: Pick<Definition, 'ns' | 'version'>
  changes: readonly PlacedChange[]
  fault: VersionFault | undefined
}

/** In the order in which they are shown. */
const KINDS = {
  breaking: { title: 'Breaking', style: 'bad' },
  additive: { title: 'Additive', style: 'good' },
  cosmetic: { title: 'Cosmetic', style: 'faint' },
} as const satisfies Record<ChangeKind, { title: string; style: keyof Paint }>

/** The changes by kind, each with its place and reason, and what the version has to be. */
export function renderDiff(diff: ShownDiff, paint: Paint): string {
  const { sources, before, after, changes } = diff
  const head = [
    paint.strong(`${after.ns} ${before.version} → ${after.version}`),
    paint.faint(`${sources.before.name} → ${sources.after.name}`),
  ].join('  ')
  const groups = (Object.keys(KINDS) as ChangeKind[]).flatMap((kind) => {
    const ofKind = changes.filter(({ change }) => change.kind === kind)
    return ofKind.length === 0 ? [] : [renderGroup(kind, ofKind, paint)]
  })
  const verdicts = changes.length === 0 && diff.fault === undefined ? [] : [verdict(diff, paint)]
  return [head, ...groups, [counted(changes), ...verdicts].join(' ')].join('\n\n')
}

function renderGroup(kind: ChangeKind, changes: readonly PlacedChange[], paint: Paint): string {
  const { title, style } = KINDS[kind]
  const shown = changes.map(({ change, source, position }) => {
    const place = placeName(source, position ? { position } : {})
    const head = [change.code, paint.place(place), paint.faint(change.path)].join('  ')
    return indent(`${head}\n${indent(change.reason)}`)
  })
  return [paint[style](title), ...shown].join('\n')
}

function counted(changes: readonly PlacedChange[]): string {
  if (changes.length === 0) return 'The two mean the same.'
  const counts = (Object.keys(KINDS) as ChangeKind[])
    .map((kind) => ({ kind, count: changes.filter(({ change }) => change.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} ${kind}`)
  return `${counts.join(', ')} ${changes.length === 1 ? 'change' : 'changes'}.`
}

function verdict({ after, fault }: ShownDiff, paint: Paint): string {
  if (fault === undefined) return paint.good(`Version ${after.version} says so.`)
  const style = fault.severity === 'error' ? 'bad' : 'doubtful'
  return paint[style](`Version ${after.version} ${fault.says}; call it ${fault.requiredVersion} or higher.`)
}
