import { describe, expect, test } from 'vitest'
import { nearestName } from './nearest-name.ts'

const KNOWN = ['eventExtraction', 'transactionId', 'url', 'name', 'get_token', 'sensitiveKeys']

describe('nearestName', () => {
  test.each([
    ['a missing letter', 'eventExtracton', 'eventExtraction'],
    ['two letters swapped', 'nmae', 'name'],
    ['another case', 'TransactionID', 'transactionId'],
    ['another way of joining words', 'getToken', 'get_token'],
    ['hyphens', 'sensitive-keys', 'sensitiveKeys'],
    ['a letter too many', 'urll', 'url'],
  ])('%s is recognised', (_, typed, meant) => {
    expect(nearestName(typed, KNOWN)).toBe(meant)
  })

  test.each([
    ['a different word', 'banana'],
    ['a short name with one letter in common', 'ur'],
    ['the empty name', ''],
    ['a name too long to compare', 'x'.repeat(65)],
  ])('%s is not', (_, typed) => {
    expect(nearestName(typed, KNOWN)).toBeUndefined()
  })

  test('the nearest wins, not the first', () => {
    expect(nearestName('names', ['game', 'names_', 'name'])).toBe('names_')
  })
})
