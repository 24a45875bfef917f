/**
 * Mistakes that authors really make, as data: `mistakes/*.json`. Each is found at its place by its code, the message
 * holds the words that mend it, and one mistake is told once: what else is found is named by `also`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { applyChange } from '../src/explanation.ts'
import type { FindingCode } from '../src/rules/codes.ts'
import { type Finding, type ValidationLevel, validate } from '../src/validate.ts'

interface Mistake {
  /** What the author did, after "An author". */
  title: string
  /** Of the base; see `findings/README.md`. */
  change: Record<string, unknown>
  code: FindingCode
  path: string
  /** What the message must hold: the fix, such as the right name. */
  says: string[]
  /** Codes of what else must be told, because it follows. */
  also?: FindingCode[]
  level?: ValidationLevel
}

interface Group {
  about: string
  /** A definition of this folder, without its ending; default that of the examples of findings. */
  base?: string
  mistakes: Mistake[]
}

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))

const mistakes = readdirSync(new URL('mistakes/', import.meta.url)).flatMap((file) => {
  const group = read(`mistakes/${file}`) as Group
  const base = read(group.base === undefined ? '../findings/base.json' : `${group.base}.json`) as unknown
  return group.mistakes.map((mistake) => {
    const document = applyChange(base, mistake.change)
    return {
      ...mistake,
      name: `${file.replace(/\.json$/, '')}: an author ${mistake.title}`,
      findings: validate(document, { level: mistake.level ?? 'consistency' }),
    }
  })
})

const tell = (findings: Finding[]) => findings.map(({ code, path, message }) => `${code} ${path} ${message}`)

test('there are at least 150, and none stands twice', () => {
  expect(mistakes.length).toBeGreaterThanOrEqual(150)
  expect(new Set(mistakes.map(({ name }) => name)).size).toBe(mistakes.length)
})

test.each(mistakes.map((one) => [one.name, one] as const))(
  '%s',
  (_, { code, path, says, also = [], findings }) => {
    const found = findings.filter((one) => one.code === code && one.path === path)
    expect(found, tell(findings).join('\n')).not.toEqual([])
    for (const words of says) expect(found[0]?.message).toContain(words)
    const rest = findings.filter((one) => !found.includes(one))
    expect([...new Set(rest.map((one) => one.code))].sort(), tell(rest).join('\n')).toEqual([...also].sort())
  },
)

describe('what is said of them', () => {
  const messages = new Map(mistakes.flatMap(({ findings }) => findings.map((one) => [one.message, one])))
  const plain = (message: string) => message.replaceAll(/`+[^`]*`+|"[^"]*"|'[^']*'/g, '`x`')

  test.each<[string, (message: string) => boolean]>([
    // The specification gives the wording of unknown properties (1.1).
    ['starts as a sentence does', (message) => /^[A-Z`]|^unknown property `/.test(message)],
    ['ends as a sentence does', (message) => /[.?]$/.test(message)],
    [
      'is one line without doubled spaces or stops',
      (message) => !/\n| {2}|\.\.|\?\.|;\./.test(plain(message)),
    ],
    [
      'holds no value of a programmer',
      (message) => !/undefined|\[object|NaN|function \(/.test(plain(message)),
    ],
    [
      'names a property, a value or what to write',
      (message) => /[`"]|^This (?:URL|looks like)/.test(message),
    ],
    ['is short, but for the lists of names', (message) => withoutLists(message).length <= MAX_CHARACTERS],
  ])('%s', (_, holds) => {
    expect([...messages.keys()].filter((message) => !holds(message))).toEqual([])
  })
})

/** What a terminal shows in three lines. */
const MAX_CHARACTERS = 300

function withoutLists(message: string): string {
  return message.replaceAll(/(?:`[^`]*`(?:, | and ))+`[^`]*`/g, '`…`')
}
