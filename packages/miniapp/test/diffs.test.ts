import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHANGE_CODES, type Change } from '../src/diff/codes.ts'
import { diffDefinitions } from '../src/diff.ts'
import type { Definition } from '../src/document.ts'
import { validate } from '../src/validate.ts'
import { type Operation, patched } from './patch.ts'

/**
 * Pairs of versions as data. `before` and `ops` are JSON Patches (RFC 6902): the first makes the published version out of
 * a base, the second the next version out of that. `changes` are told as `kind code path`, `(before)` where the path is
 * in the published version.
 */
interface Pair {
  name: string
  base: string
  before?: Operation[]
  ops: Operation[]
  changes: string[]
  bump: string
}

const DIFFS = new URL('diffs/', import.meta.url)
const CATALOG = new URL('../../../catalog/', import.meta.url)
const readJson = (place: URL) => JSON.parse(readFileSync(place, 'utf8'))
const baseAt = (name: string): URL =>
  name.startsWith('catalog/')
    ? new URL(`../../../${name}/miniapp.json`, import.meta.url)
    : new URL(`bases/${name}.json`, DIFFS)

const groups = readdirSync(DIFFS)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ group: file.replace('.json', ''), pairs: readJson(new URL(file, DIFFS)) as Pair[] }))
const pairs = groups.flatMap((one) => one.pairs)

const tell = ({ kind, code, path, in: side }: Change) =>
  `${kind} ${code} ${path}${side === 'before' ? ' (before)' : ''}`
const byText = (changes: readonly string[]) => [...changes].sort()

function versionsOf({ base, before = [], ops }: Pair): { before: Definition; after: Definition } {
  const published = patched(readJson(baseAt(base)), before)
  return { before: published as Definition, after: patched(published, ops) as Definition }
}

test.each(['shop', 'forge'])('the base %s is valid', (name) => {
  expect(validate(readJson(baseAt(name))).filter(({ severity }) => severity === 'error')).toEqual([])
})

test('there are at least sixty pairs, and one for every code', () => {
  expect(pairs.length).toBeGreaterThanOrEqual(60)
  const told = new Set(pairs.flatMap(({ changes }) => changes.map((change) => change.split(' ')[1])))
  expect(Object.keys(CHANGE_CODES).filter((code) => !told.has(code))).toEqual([])
})

describe.each(groups)('$group', ({ pairs }) => {
  test.each(pairs)('$name', (pair) => {
    const { before, after } = versionsOf(pair)
    const { changes, bump } = diffDefinitions(before, after)
    expect(byText(changes.map(tell))).toEqual(byText(pair.changes))
    expect(bump).toBe(pair.bump)
  })
})

describe('the wording of reasons', () => {
  const changes = pairs.flatMap((pair) => {
    const { before, after } = versionsOf(pair)
    return diffDefinitions(before, after).changes
  })

  test.each([
    ['is one sentence or two', /^[^\n]+\.$/],
    ['begins like a sentence', /^(\p{Lu}|“|[a-z][\w.[\]~-]* )/u],
    ['holds no placeholder of a programmer', /^(?!.*(undefined|\[object|NaN|null where)).*$/s],
    ['has no doubled punctuation', /^(?!.*(\.\.|;\.| {2}|: \.)).*$/s],
  ])('each %s', (_, pattern) => {
    expect(changes.map(({ reason }) => reason).filter((reason) => !pattern.test(reason))).toEqual([])
  })

  test('each says where it is', () => {
    for (const { path } of changes) expect(path).toMatch(/^\//)
  })
})

const bases = ['shop', 'forge', 'catalog/github', 'catalog/slack', 'catalog/linear'].map(
  (name) => readJson(baseAt(name)) as Definition,
)
const anyBase = fc.constantFrom(...bases)

/** The same document with the members of every object in another order. */
function shuffled(value: unknown, random: (limit: number) => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, child]) => [random(1000), name, child] as const)
  entries.sort(([a], [b]) => a - b)
  return Object.fromEntries(entries.map(([, name, child]) => [name, shuffled(child, random)]))
}

describe('properties of the comparison', () => {
  test('a version does not differ from itself, nor from itself with members in another order', () => {
    fc.assert(
      fc.property(anyBase, fc.infiniteStream(fc.nat(1000)), (base, chance) => {
        const random = () => chance.next().value as number
        expect(diffDefinitions(base, base)).toEqual({ changes: [], bump: 'none' })
        expect(diffDefinitions(base, shuffled(base, random) as Definition).changes).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  test('any two definitions can be compared, and what one version adds the other way round removes', () => {
    const documents = [
      ...bases,
      ...readdirSync(CATALOG)
        .filter((name) => !name.includes('.'))
        .map((name) => readJson(baseAt(`catalog/${name}`)) as Definition),
    ]
    for (const [index, before] of documents.entries()) {
      const other = documents[(index + 1) % documents.length] ?? before
      const after = { ...other, ns: before.ns }
      const [there, back] = [diffDefinitions(before, after), diffDefinitions(after, before)]
      const count = (changes: Change[], code: string) =>
        changes.filter((change) => change.code === code).length
      expect(count(there.changes, 'action-added')).toBe(count(back.changes, 'action-removed'))
      expect(there.changes.length === 0).toBe(back.changes.length === 0)
    }
  })

  test('whatever is removed of actions and triggers is found, and nothing else is called a removal', () => {
    const chosen = (length: number) => fc.subarray([...Array(length).keys()])
    const removal = anyBase.chain((base) =>
      fc.record({
        base: fc.constant(base),
        actions: chosen(base.actions?.length ?? 0),
        triggers: chosen(base.triggers?.length ?? 0),
      }),
    )
    fc.assert(
      fc.property(removal, ({ base, actions, triggers }) => {
        const after: Definition = {
          ...base,
          actions: base.actions?.filter((_, index) => !actions.includes(index)),
          triggers: base.triggers?.filter((_, index) => !triggers.includes(index)),
        }
        const { changes } = diffDefinitions(base, after)
        const removed = changes.filter(({ code }) => code === 'action-removed' || code === 'trigger-removed')
        expect(byText(removed.map(({ path }) => path))).toEqual(
          byText([
            ...actions.map((index) => `/actions/${index}`),
            ...triggers.map((index) => `/triggers/${index}`),
          ]),
        )
      }),
    )
  })

  test('every parameter that becomes required is found', () => {
    const optional = bases.flatMap((base) =>
      (base.actions ?? []).flatMap(({ parameters = {} }, action) =>
        Object.entries(parameters.properties ?? {})
          .filter(
            ([name, schema]) =>
              typeof schema === 'object' &&
              !Object.hasOwn(schema, 'default') &&
              !parameters.required?.includes(name),
          )
          .map(([name]) => ({ base, action, name })),
      ),
    )
    expect(optional.length).toBeGreaterThan(20)
    for (const { base, action, name } of optional) {
      const after = patched(base, [
        {
          op: 'add',
          path: `/actions/${action}/parameters/required`,
          value: [...(base.actions?.[action]?.parameters?.required ?? []), name],
        },
      ]) as Definition
      expect(diffDefinitions(base, after).changes).toMatchObject([
        { code: 'parameter-made-required', path: `/actions/${action}/parameters/properties/${name}` },
      ])
    }
  })

  test('no text of a definition can be changed without being told, but notes and the version', () => {
    for (const base of bases.filter(({ ns }) => ['shop', 'forge'].includes(ns))) {
      for (const pointer of textsIn(base)) {
        if (/^\/(version|\$schema)$|\/x-(?!source|path|fallback|depends)/.test(pointer)) continue
        const after = patched(base, [{ op: 'replace', path: pointer, value: 'rpc_changed' }]) as Definition
        if (validate(after, { level: 'schema' }).length > 0) continue
        expect.soft(diffDefinitions(base, after).changes.length, pointer).toBeGreaterThan(0)
      }
    }
  })
})

function textsIn(value: unknown, pointer = ''): string[] {
  if (typeof value === 'string') return [pointer]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, child]) =>
    textsIn(child, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
}
