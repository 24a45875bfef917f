import { describe, expect, it } from 'vitest'
import { breakingPart, compareVersions } from './version-order.ts'

describe('compareVersions', () => {
  it('orders the example of Semantic Versioning 2.0.0, section 11', () => {
    const ordered = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '2.0.0',
      '2.1.0',
      '2.1.1',
      '10.0.0',
    ]
    expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered)
  })

  it.each([
    ['1.0.0+build.1', '1.0.0+build.2'],
    ['1.2.3', '1.2.3'],
  ])('%s and %s are equal', (a, b) => {
    expect(compareVersions(a, b)).toBe(0)
  })
})

describe('breakingPart', () => {
  it.each([
    ['1.2.3', '1'],
    ['0.3.1', '0.3'],
    ['12.0.0-rc.1', '12'],
  ])('of %s is %s', (version, part) => {
    expect(breakingPart(version)).toBe(part)
  })
})
