import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileDefinition } from '../compile.ts'
import type { Definition } from '../document.ts'
import { MiniAppError } from '../errors.ts'
import { compileResponseMapping } from '../expression/mapping.ts'
import { explained } from './explain-failure.ts'

describe('the rules', () => {
  const folder = new URL('.', import.meta.url)
  const rules = readdirSync(folder).filter((file) => /^(explain|failure)-.*(?<!\.test)\.ts$/.test(file))

  it('take no message of ours apart: what they need stands in the details', () => {
    expect(rules.length).toBeGreaterThan(3)
    const reading =
      /\.test\((?:error\.)?message\)|\bmessage\.(?:match|includes|startsWith|endsWith|split|search|indexOf)\(/
    const wrong = rules.filter((file) => reading.test(readFileSync(new URL(file, folder), 'utf8')))
    expect(wrong).toEqual([])
  })
})

describe('an output that a mapping does not find', () => {
  const compiled = compileDefinition({ ns: 'shop', auth: { type: 'none' } } as unknown as Definition)
  const nextFor = (value: unknown) => {
    const pointer = '/actions/0/requests/0/mapping'
    const mapping = compileResponseMapping([{ name: 'total', value }] as never, pointer)
    const source = { body: {}, headers: {}, status: 200 }
    try {
      mapping.apply(source as never, new Map())
    } catch (error) {
      if (!(error instanceof MiniAppError)) throw error
      return explained(error, { part: { action: 'a' }, compiled, steps: [] }).details.explanation?.next
    }
    return undefined
  }

  it('is the function’s where one computes it, and the path’s otherwise, whatever the path is called', () => {
    expect(nextFor({ transform: 'compute', fn: 'sum', args: {} })).toContain('correct the function')
    expect(nextFor(`$['of the function "sum"']`)).toContain('correct the mapping')
  })
})
