import { describe, expect, it } from 'vitest'
import { isCallback, MAX_CODE_CHARACTERS, readCallback } from './callback-parameters.ts'

const read = (query: string) => readCallback(new URLSearchParams(query))

describe('isCallback', () => {
  it.each([
    ['', false],
    ['ticket=t', false],
    ['error_description=x', false],
    ['code=', true],
    ['error=x', true],
    ['state=s', true],
    ['ticket=t&code=c', true],
  ])('%j: %s', (query, expected) => {
    expect(isCallback(new URLSearchParams(query))).toBe(expected)
  })
})

describe('readCallback', () => {
  it.each<[string, string, object | undefined]>([
    ['a code', 'state=s&code=c', { state: 's', code: 'c' }],
    ['a code with every visible character', 'state=s&code=%20%21%7E%2B', { state: 's', code: ' !~+' }],
    ['what servers add', 'state=s&code=c&iss=https://x&scope=a', { state: 's', code: 'c' }],
    ['an error', 'state=s&error=e', { state: 's', error: 'e', description: undefined }],
    [
      'an error in words',
      'state=s&error=e&error_description=no+way',
      { state: 's', error: 'e', description: 'no way' },
    ],
    ['an error beside a code', 'state=s&error=e&code=c', { state: 's', error: 'e', description: undefined }],
    ['an error that is empty', 'state=s&error=&code=c', { state: 's', code: 'c' }],
    ['no state', 'code=c', undefined],
    ['an empty state', 'state=&code=c', undefined],
    ['neither code nor error', 'state=s', undefined],
    ['an empty code', 'state=s&code=', undefined],
    ['two states', 'state=s&state=t&code=c', undefined],
    ['two codes', 'state=s&code=c&code=c', undefined],
    ['two errors', 'state=s&error=e&error=f', undefined],
    ['two descriptions', 'state=s&error=e&error_description=a&error_description=b', undefined],
    ['a code with a line break', 'state=s&code=a%0Ab', undefined],
    ['a code with NUL', 'state=s&code=a%00', undefined],
    ['a code in another script', 'state=s&code=%D9%83', undefined],
    ['a code that is no UTF-8', 'state=s&code=%FF', undefined],
  ])('%s', (_name, query, expected) => {
    expect(read(query)).toEqual(expected)
  })

  it('takes a code up to its limit', () => {
    expect(read(`state=s&code=${'c'.repeat(MAX_CODE_CHARACTERS)}`)).toBeDefined()
    expect(read(`state=s&code=${'c'.repeat(MAX_CODE_CHARACTERS + 1)}`)).toBeUndefined()
  })

  it('cuts what is shown, and puts it on one line', () => {
    const answer = read(
      `state=s&error=${'e'.repeat(101)}&error_description=a%0D%0A%E2%80%AEb%00c${'d'.repeat(600)}`,
    )
    expect(answer).toMatchObject({ error: `${'e'.repeat(100)}…` })
    const { description } = answer as { description: string }
    expect(description).toMatch(/^a b cd+…$/)
    expect(description).toHaveLength(501)
  })
})
