import { numberFromText, parseJson } from './expression/json.ts'
import type { CoercionNotes } from './input-coercion.ts'

/** What decides how a scalar is converted. */
export interface ScalarTarget {
  types: ReadonlySet<string>
  /** An `x-source` gives numbers or texts; a text parameter takes either. */
  hasSource: boolean
}

const NUMBER_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const WHOLE_NUMBER_TEXT = /^[+-]?\d+$/
/** What plain forms send for a switch (specification 4.1). */
export const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
  ['on', true],
  ['off', false],
])

/** A text or number as the schema wants it (specification 4.1); the value itself where nothing fits. */
export function convertScalar(
  value: unknown,
  target: ScalarTarget,
  at: string,
  notes: CoercionNotes,
): unknown {
  const { types, hasSource } = target
  if (typeof value === 'string') return types.has('string') ? value : convertText(value, types, at, notes)
  if (typeof value !== 'number') return value
  if (types.has('string') && hasSource && !types.has('number') && !types.has('integer')) return String(value)
  if (types.has('boolean') && types.size === 1 && (value === 0 || value === 1)) return value === 1
  return value
}

/** A text for a schema that takes no text; the text itself where nothing fits. */
function convertText(text: string, types: ReadonlySet<string>, at: string, notes: CoercionNotes): unknown {
  const trimmed = text.trim()
  if (types.has('null') && trimmed === '') return null
  if ((types.has('number') || types.has('integer')) && NUMBER_TEXT.test(trimmed)) {
    return convertNumber(trimmed, at, notes)
  }
  const truth = types.has('boolean') ? BOOLEAN_WORDS.get(trimmed.toLowerCase()) : undefined
  if (truth !== undefined) return truth
  if (types.has('object') && trimmed.startsWith('{')) return parsedOr(trimmed, text)
  if (!types.has('array')) return text
  if (trimmed.startsWith('[')) return parsedOr(trimmed, text)
  return trimmed
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function convertNumber(text: string, at: string, notes: CoercionNotes): unknown {
  const exact = numberFromText(text)
  if (typeof exact === 'string' && WHOLE_NUMBER_TEXT.test(exact)) {
    notes.exactDigits.add(at)
    return exact
  }
  const value = Number(text)
  return Number.isFinite(value) ? value : text
}

function parsedOr(text: string, otherwise: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return otherwise
  }
}
