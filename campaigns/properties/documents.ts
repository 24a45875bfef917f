import { parsePlaceholders } from '../../packages/miniapp/src/expression/template.ts'
import { CANARY_NAMES } from './canary.ts'
import type { Random } from './random.ts'

export type Rec = Record<string, unknown>

/** A key of every scope that no template names: where its value shows up, a value was expanded a second time. */
export const UNNAMED_KEY = 'unnamedKey'
export const UNNAMED_VALUE = 'expanded a second time'

export const KEYS = [
  ...CANARY_NAMES.filter((name) => name !== 'secretMark'),
  'id',
  'name',
  'items',
  'a.b',
  '',
  '0',
  'length',
  'é',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
] as const

const TEXTS = [
  '',
  'plain',
  '12',
  '-0.5e3',
  '12345678901234567890',
  '../admin',
  'a/./b',
  '%2e%2e/x',
  'a\\b',
  'line\r\nX-Evil: 1',
  'nul\0',
  'evil.example/x?y#z',
  'user:pass@evil.example',
  'https://shop.example.com/base/',
  'http://plain.example',
  'javascript:alert(1)',
  '2024-03-13T09:41:27Z',
  '2024-02-30',
  '1700000000',
  '+966 50 123 4567',
  '\ud800 lone',
  'é عربي 🙂',
  'a b&c=d',
  `{{${UNNAMED_KEY}}}`,
  `[[${UNNAMED_KEY}]]`,
  `x {{${UNNAMED_KEY}}} [[${UNNAMED_KEY}]] y`,
  `{{{{${UNNAMED_KEY}}}}}`,
] as const

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  2.5,
  1e21,
  1e300,
  2 ** 53,
  1_700_000_000,
  1_700_000_000_000,
  8.64e15 + 1,
  0.1 + 0.2,
] as const

export function randomScalar(random: Random): unknown {
  const kind = random.below(10)
  if (kind < 5) return random.pick(TEXTS)
  if (kind < 7) return random.pick(NUMBERS)
  return kind === 7 ? null : random.chance(0.5)
}

/** JSON as a parser gives it: `__proto__` is an own key. */
export function randomValue(random: Random, depth = 3): unknown {
  const kind = depth === 0 ? 0 : random.below(5)
  if (kind < 2) return randomScalar(random)
  return kind === 2 ? random.list(4, () => randomValue(random, depth - 1)) : randomObject(random, depth - 1)
}

export function randomObject(random: Random, depth = 3): Rec {
  return Object.fromEntries(random.list(6, () => [random.pick(KEYS), randomValue(random, depth)]))
}

const BROKEN = [
  '[',
  ']',
  '.',
  '..',
  '$',
  '?',
  '(',
  "'",
  '"',
  '*',
  '@',
  '\\',
  ' ',
  '\0',
  '🙂',
  '[?(',
  ':',
  ',',
  '{{',
  '}}',
] as const

/** Mostly paths of every supported form, some of them damaged. */
export function randomPath(random: Random): string {
  const path = random.pick(['$', '', '$', '']) + random.list(4, () => randomSegment(random)).join('')
  const trimmed = path.startsWith('$') ? path : path.replace(/^\./, '')
  if (random.chance(0.85)) return trimmed
  const at = random.below(trimmed.length + 1)
  return trimmed.slice(0, at) + random.pick(BROKEN) + trimmed.slice(at + random.below(2))
}

function randomSegment(random: Random): string {
  const key = random.pick(KEYS)
  const quoted = `'${key.replaceAll("'", "\\'")}'`
  const forms = [
    `.${key}`,
    `.${key}`,
    `[${quoted}]`,
    `[${random.below(4) - 2}]`,
    '[*]',
    '.*',
    '..*',
    `..[${quoted}]`,
    `[${random.below(3) - 1}:${random.below(4)}:${random.below(4) - 1}]`,
    `[?@[${quoted}]]`,
    `[?@[${quoted}] == 'plain' || @.id > 1]`,
    `[?@[${quoted}] == $.items]`,
    `[?count(@.*) > 1 && length(@.name) < 9]`,
    `[?search(@[${quoted}], '(a+)+$') || match(@.id, '.*')]`,
    `[?!(value(@..id) == 1)]`,
    `[${quoted}, 0]`,
  ]
  return random.pick(forms)
}

/** A string with placeholders of random keys and paths; none selects a whole source, where the unnamed key is. */
export function randomTemplate(random: Random): string {
  if (random.chance(0.3)) return randomPlaceholder(random)
  const literals = [...TEXTS, ...BROKEN].filter(isNeutral)
  const parts = random.list(5, () => (random.chance(0.5) ? randomPlaceholder(random) : random.pick(literals)))
  const template = parts.join('')
  return parsePlaceholders(template).some((part) => typeof part === 'object' && WHOLE_SOURCE.test(part.key))
    ? '{{sku}}'
    : template
}

/** Keys that may select everything that a source holds. */
const WHOLE_SOURCE = /^[$*.[\]]/

/** Template texts never name the unnamed key themselves. */
function isNeutral(text: string): boolean {
  return !text.includes(UNNAMED_KEY)
}

export function randomPlaceholder(random: Random): string {
  const path = random.pick(KEYS) + randomPath(random).replace(/^\$/, '')
  const placeholder = inBrackets(random, random.chance(0.6) ? random.pick(KEYS) : path)
  const [part, ...others] = parsePlaceholders(placeholder)
  const isOne = typeof part === 'object' && others.length === 0 && !WHOLE_SOURCE.test(part.key)
  return isOne ? placeholder : inBrackets(random, 'sku')
}

function inBrackets(random: Random, key: string): string {
  const blank = random.chance(0.2) ? ' ' : ''
  return random.chance(0.7) ? `{{${blank}${key}${blank}}}` : `[[${blank}${key}${blank}]]`
}

export function randomTemplateValue(random: Random, depth = 2): unknown {
  const kind = depth === 0 ? 0 : random.below(4)
  if (kind < 2) return random.chance(0.8) ? randomTemplate(random) : random.pick([...NUMBERS, null, true])
  if (kind === 2) return random.list(3, () => randomTemplateValue(random, depth - 1))
  return Object.fromEntries(random.list(4, () => [random.pick(KEYS), randomTemplateValue(random, depth - 1)]))
}
