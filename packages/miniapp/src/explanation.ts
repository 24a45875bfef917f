import type { Recording } from './package/recording.ts'
import { isList, isRecord } from './schema/branch.ts'
import { pointerSegments, toPointer, under } from './schema/pointer.ts'
import type { ValidateOptions } from './validate.ts'

/**
 * What a definition looks like besides `findings/base.json`: a JSON Merge Patch (RFC 7396), in which a name that starts
 * with `/` is a JSON Pointer to a value that is replaced as a whole, or added; lists need that. Or, where JSON cannot
 * say it, the text of a JavaScript expression that makes the definition out of `base`.
 */
export type Change = Record<string, unknown> | string

/** `findings/<code>.json`: why a finding matters, and an example of it that is run as a test. */
export interface Explanation extends ValidateOptions {
  /** One to three sentences: what goes wrong where it stays, and how it is mended. */
  explanation: string
  /** JSON Pointer that the finding has in `wrong`, where the example shows it. */
  path?: string
  /** Reported with the code that the file is named for. */
  wrong: Change
  /** The same intent without any finding. */
  right: Change
  /** Recorded tests of the package that both examples stand in. */
  tests?: readonly Omit<Recording, 'file'>[]
}

/** The document with the change; neither is modified. Expressions are not evaluated here. */
export function applyChange(document: unknown, change: Record<string, unknown>): unknown {
  const isPlace = (name: string) => name.startsWith('/')
  const entries = Object.entries(change)
  const merged = merge(document, Object.fromEntries(entries.filter(([name]) => !isPlace(name))))
  return entries
    .filter(([name]) => isPlace(name))
    .reduce((changed, [pointer, value]) => replace(changed, pointerSegments(pointer), value), merged)
}

/** RFC 7396, section 2. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const members = new Map(Object.entries(isRecord(target) ? target : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name)
    else members.set(name, merge(members.get(name), value))
  }
  return Object.fromEntries(members)
}

function replace(target: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value
  if (isList(target)) {
    const index = Number(name)
    return [...target.slice(0, index), replace(target[index], rest, value), ...target.slice(index + 1)]
  }
  const members = new Map(Object.entries(isRecord(target) ? target : {}))
  members.set(name, replace(members.get(name), rest, value))
  return Object.fromEntries(members)
}

/** A change as a reader sees it. */
export interface Example {
  language: 'json' | 'js'
  /** The part of the document that the change is about: of lists, only the elements that matter. */
  text: string
  /** Pointers of what is taken out. */
  removed: string[]
}

export function exampleOf(change: Change): Example {
  if (typeof change === 'string') return { language: 'js', text: change, removed: [] }
  const removed: string[] = []
  const root: Branches = new Map()
  for (const [name, value] of Object.entries(change)) {
    const isPlace = name.startsWith('/')
    const place = isPlace ? pointerSegments(name) : [name]
    const kept = isPlace ? value : withoutRemoved(value, toPointer(place), removed)
    if (kept !== undefined) grow(root, place, kept)
  }
  return { language: 'json', text: layOut(partOf(root), '', ''), removed }
}

/** @returns `undefined` where nothing is left to show */
function withoutRemoved(value: unknown, pointer: string, removed: string[]): unknown {
  if (value === null) {
    removed.push(pointer)
    return undefined
  }
  if (!isRecord(value)) return value
  const kept = Object.entries(value)
    .map(([name, child]) => [name, withoutRemoved(child, under(pointer, name), removed)] as const)
    .filter(([, child]) => child !== undefined)
  return kept.length === 0 && Object.keys(value).length > 0 ? undefined : Object.fromEntries(kept)
}

/** What is shown below each segment: further segments, or a value. */
type Branches = Map<string, Branches | { value: unknown }>

function grow(branches: Branches, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    branches.set(name, { value })
    return
  }
  const below = branches.get(name)
  const next: Branches = below instanceof Map ? below : new Map()
  branches.set(name, next)
  grow(next, rest, value)
}

function partOf(branches: Branches): unknown {
  const entries = [...branches].map(
    ([name, below]) => [name, below instanceof Map ? partOf(below) : below.value] as const,
  )
  const isOfList = entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name))
  return isOfList ? entries.map(([, value]) => value) : Object.fromEntries(entries)
}

/** What fits on a line of so many characters stays on one. */
const LINE_CHARACTERS = 88

/** JSON as people write it. @param before what stands before it on its line */
function layOut(value: unknown, indent: string, before: string): string {
  const flat = onOneLine(value)
  if (typeof value !== 'object' || value === null) return flat
  if (indent.length + before.length + flat.length <= LINE_CHARACTERS) return flat
  const inner = `${indent}  `
  const parts = isList(value)
    ? value.map((item) => layOut(item, inner, ''))
    : Object.entries(value).map(([name, child]) => {
        const label = `${JSON.stringify(name)}: `
        return label + layOut(child, inner, label)
      })
  const [open, close] = isList(value) ? ['[', ']'] : ['{', '}']
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`
}

function onOneLine(value: unknown): string {
  if (isList(value)) return `[${value.map(onOneLine).join(', ')}]`
  if (!isRecord(value)) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, child]) => `${JSON.stringify(name)}: ${onOneLine(child)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}
