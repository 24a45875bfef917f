import { type CompiledDefinition, compileDefinition } from '../../packages/miniapp/src/compile.ts'
import type { Definition } from '../../packages/miniapp/src/document.ts'
import {
  type Played,
  playRecording,
  type RunFunction,
} from '../../packages/miniapp/src/package/play-recording.ts'
import { findPart, partName } from '../../packages/miniapp/src/package/recorded-part.ts'
import {
  isPlayable,
  type PlayableRecording,
  type Recording,
} from '../../packages/miniapp/src/package/recording.ts'
import { validatePackage } from '../../packages/miniapp/src/package/validate-package.ts'
import type { Finding } from '../../packages/miniapp/src/rules/codes.ts'
import { pointerSegments } from '../../packages/miniapp/src/schema/pointer.ts'
import type { AppPackage } from '../../packages/miniapp/test/read-package.ts'

/** An app whose definition is changed, with what it did before. */
export interface Subject {
  app: AppPackage
  recordings: PlayableRecording[]
  /** What each recording made the unchanged definition do, by file. */
  before: ReadonlyMap<string, string>
  /** Findings of the unchanged package, as {@link keyOf}. */
  known: ReadonlySet<string>
}

export async function prepare(app: AppPackage, runFunction: RunFunction): Promise<Subject> {
  const recordings = app.tests
    .map(({ file, value }) => ({ ...(value as Recording), file }))
    .filter(isPlayable)
  const compiled = compileDefinition(app.definition)
  const before = new Map<string, string>()
  for (const recording of recordings)
    before.set(recording.file, await doing(compiled, recording, runFunction))
  const findings = await validatePackage(app, { runFunction, by: 'operator' })
  return { app, recordings, before, known: new Set(findings.map(keyOf)) }
}

export function keyOf({ code, path, file = '' }: Finding): string {
  return `${code} ${file} ${path}`
}

/**
 * All that a definition does with a recording: what it sends, values of headers included, and how it ends. What is said of
 * input that does not fit is left out: it names fields by their titles.
 */
export async function doing(
  compiled: CompiledDefinition,
  recording: PlayableRecording,
  runFunction: RunFunction,
): Promise<string> {
  const part = findPart(compiled, recording)
  if (!part) return 'nothing'
  const { requests, end } = await playRecording(compiled, part, recording, runFunction)
  return JSON.stringify({
    sent: requests.map(shownRequest),
    end: sorted('error' in end && end.error.fields ? { fields: end.error.fields } : end),
  })
}

function shownRequest({ method, url, headers, body }: Played['requests'][number]): unknown {
  const sent = body instanceof Uint8Array ? new TextDecoder().decode(body) : body
  return [method, url, sorted(headers), body === undefined ? null : sorted(parsed(sent))]
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return text
  }
}

/** With the names of every object in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  )
}

/** Parts of the definition that one change can reach. */
const WHOLE = ['actions', 'source', 'functions', 'auth', 'allowedHosts']

/** The recordings that a change at one of the places can make differ. */
export function touchedBy(places: readonly string[], { app, recordings }: Subject): PlayableRecording[] {
  const { definition } = app
  const names = new Set<string>()
  for (const place of places) {
    for (const name of partsAt(pointerSegments(place), definition) ?? recordings.map(partName))
      names.add(name)
  }
  return recordings.filter((recording) => names.has(partName(recording)))
}

/** Names of parts; `undefined` means all. */
function partsAt([first = '', second = '', third]: string[], definition: Definition): string[] | undefined {
  if (first === '') return undefined
  if (!WHOLE.includes(first)) return []
  if (first === 'actions' && second !== '') return [definition.actions?.[Number(second)]?.name ?? '']
  if (first === 'source' && second !== '') return [second]
  if (
    first === 'auth' &&
    third !== undefined &&
    /Requests$|^(test_token|userDetails|refresh_token)$/.test(second)
  ) {
    return [`auth.${second}`]
  }
  if (first === 'functions' && second !== '') {
    const users = (definition.actions ?? []).filter((action) =>
      JSON.stringify(action).includes(JSON.stringify(second)),
    )
    return users.map(({ name }) => name)
  }
  return undefined
}
