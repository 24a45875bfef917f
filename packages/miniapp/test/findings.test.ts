/** `findings/`: every code is explained, and its examples are what they say. */
import { readdirSync, readFileSync } from 'node:fs'
import { compileFunction } from 'node:vm'
import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { describe, expect, test } from 'vitest'
import { applyChange, type Change, type Explanation } from '../src/explanation.ts'
import { validatePackage } from '../src/package/validate-package.ts'
import { FINDING_CODES, type Finding } from '../src/rules/codes.ts'
import { createFunctionEngine } from '../src/run/evaluate-function.ts'
import { validate } from '../src/validate.ts'

const FOLDER = new URL('../findings/', import.meta.url)
const read = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'))
const explained = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json') && file !== 'base.json')
  .map((file) => file.replace(/\.json$/, ''))
const base = read('base') as unknown

function changed(change: Change): unknown {
  return typeof change === 'string'
    ? compileFunction(`return ${change}`, ['base'])(base)
    : applyChange(base, change)
}

type Options = Omit<Explanation, 'explanation' | 'wrong' | 'right' | 'path'>

/** What the example is checked with: validation, or, where it has recorded tests, that of its package. */
async function check(definition: unknown, { tests = [], ...options }: Options): Promise<Finding[]> {
  if (tests.length === 0) return validate(definition, options)
  const engine = createFunctionEngine(await newQuickJSWASMModule())
  const files = {
    definition,
    samples: [],
    tests: tests.map((value) => ({ file: 'tests/addNote.json', value })),
  }
  return validatePackage(files, { ...options, runFunction: async (call) => engine.evaluate(call) })
}

test('every code is explained in one file, and no file explains anything else', () => {
  expect(explained.sort()).toEqual(Object.keys(FINDING_CODES).sort())
})

test('the definition that the examples change has no finding', () => {
  expect(validate(base, { level: 'submission' })).toEqual([])
})

describe.each(explained)('%s', (code) => {
  const { explanation, wrong, right, path, ...options } = read(code) as Explanation

  test('is explained in one to three sentences', () => {
    expect(explanation).toMatch(/^[A-Z`].*\.$/)
    const sentences = explanation.replaceAll(/`[^`]*`/g, 'x').match(/[.?!](?= |$)/g) ?? []
    expect(sentences.length).toBeGreaterThanOrEqual(1)
    expect(sentences.length).toBeLessThanOrEqual(3)
    expect(explanation.length).toBeLessThanOrEqual(400)
  })

  test('is found in the wrong example, where the file says', async () => {
    const all = await check(changed(wrong), options)
    const found = all.filter((one) => one.code === code)
    expect(found).not.toEqual([])
    if (path !== undefined) expect(found.map((one) => one.path)).toContain(path)
  })

  test('and nothing is found in the right one', async () => {
    expect(await check(changed(right), options)).toEqual([])
  })

  test('changes the definition in both examples', () => {
    expect(changed(wrong)).not.toEqual(base)
    expect(changed(right)).not.toEqual(changed(wrong))
  })
})
