/** What a mapping made of an answer, as the record of a run shows it: bounded, and redacted like everything in it. */

import type { CompiledSource } from '../compile-source.ts'
import type { CompiledHttpStep } from '../compile-step.ts'
import { type Rec, readOwn, typeName } from '../expression/own.ts'
import { REDACTED, type Redactor, redactStart } from '../request/redact.ts'

export interface MappedKey {
  key: string
  /** The path or rule, as the definition writes it. */
  rule: string
  /** In a word: `text`, `a list of 3`, `nothing`. */
  selected: string
  /** The start of what was selected; absent where there is nothing, or nothing that may be shown. */
  value?: string
}

/** Keys of one step that a record shows: definitions have a handful, and a record is no copy of the answer. */
export const MAX_RECORDED_KEYS = 50
/** Characters of a selected value: enough to recognise an id, a name, the start of a text. */
export const RECORDED_VALUE_CHARACTERS = 120

/** @param outputs what each key has; those that are not among them selected nothing */
export function mappedKeys(step: CompiledHttpStep, outputs: Rec, redact: Redactor): MappedKey[] {
  const isSecret = step.secretOutputs
  return step.outputs
    .slice(0, MAX_RECORDED_KEYS)
    .map(({ key, rule }) => mappedKey({ key, rule }, readOwn(outputs, key), isSecret ? undefined : redact))
}

/** Where a dropdown looks: the list in the whole answer, value and label in its first item. */
export function optionKeys(source: CompiledSource, body: unknown, redact: Redactor): MappedKey[] {
  const { dataPath, valueField, labelField } = source
  const list = dataPath ? dataPath.read(body) : body
  const listed = mappedKey({ key: 'dataPath', rule: dataPath?.source ?? '$' }, list, redact)
  const [first] = Array.isArray(list) ? (list as unknown[]) : []
  if (first === undefined) return [listed]
  return [
    listed,
    mappedKey({ key: 'valueField', rule: valueField.source }, valueField.read(first), redact),
    mappedKey({ key: 'labelField', rule: labelField.source }, labelField.read(first), redact),
  ]
}

function mappedKey(
  { key, rule }: { key: string; rule: string },
  value: unknown,
  redact: Redactor | undefined,
): MappedKey {
  if (value === undefined) return { key, rule, selected: 'nothing' }
  const selected = Array.isArray(value) ? `a list of ${value.length}` : typeName(value)
  const start = redact ? redactStart(startOf(value), redact, RECORDED_VALUE_CHARACTERS) : REDACTED
  return { key, rule, selected, value: start }
}

/** Longer than what is shown, so that a secret at the border is seen whole; a large answer is not written out. */
const WRITTEN_CHARACTERS = 16_384
/** Levels of a value, so that no answer exhausts the stack. */
const WRITTEN_DEPTH = 20

function startOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return String(value)
  let text = ''
  const write = (part: unknown, depth: number): void => {
    if (text.length > WRITTEN_CHARACTERS) return
    if (depth > WRITTEN_DEPTH) text += '…'
    else if (typeof part !== 'object' || part === null) text += JSON.stringify(part) ?? 'null'
    else if (Array.isArray(part)) writeAll(['[', ']'], part.entries(), depth)
    else writeAll(['{', '}'], Object.entries(part), depth)
  }
  const writeAll = (
    [open, close]: readonly [string, string],
    members: Iterable<[string | number, unknown]>,
    depth: number,
  ): void => {
    text += open
    let isFirst = true
    for (const [name, member] of members) {
      if (text.length > WRITTEN_CHARACTERS) return
      if (!isFirst) text += ','
      isFirst = false
      if (typeof name === 'string') text += `${JSON.stringify(name)}:`
      write(member, depth + 1)
    }
    text += close
  }
  write(value, 0)
  return text
}
