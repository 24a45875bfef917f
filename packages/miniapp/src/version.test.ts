import { describe, expect, it } from 'vitest'
import { carriesBump, compareVersions, requiredVersion } from './version.ts'

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

describe('requiredVersion', () => {
  it.each([
    ['1.2.3', 'major', '2.0.0'],
    ['1.2.3', 'minor', '1.3.0'],
    ['1.2.3', 'patch', '1.2.4'],
    ['1.2.3', 'none', '1.2.3'],
    ['0.3.1', 'major', '0.4.0'],
    ['0.3.1', 'minor', '0.3.2'],
    ['0.3.1', 'patch', '0.3.2'],
    ['2.0.0-beta.1', 'major', '2.0.0'],
    ['2.1.0-beta.1', 'major', '3.0.0'],
    ['2.1.0-beta.1', 'minor', '2.1.0'],
    ['2.1.1-beta.1', 'patch', '2.1.1'],
    ['1.2.3+build.7', 'patch', '1.2.4'],
  ] as const)('of %s for %s is %s', (before, bump, required) => {
    expect(requiredVersion(before, bump)).toBe(required)
    if (bump !== 'none') expect(carriesBump(before, required, bump)).toBe(true)
  })
})

describe('carriesBump', () => {
  it.each([
    ['1.2.3', '1.9.0', 'major', false],
    ['1.2.3', '2.0.0-rc.1', 'major', true],
    ['1.2.3', '1.2.4', 'minor', false],
    ['1.2.3', '2.0.0', 'minor', true],
    ['1.2.3', '1.2.3', 'patch', false],
    ['1.2.3', '1.2.2', 'patch', false],
    ['0.3.1', '0.3.2', 'major', false],
    ['0.3.1', '0.4.0', 'major', true],
    ['0.3.1', '1.0.0', 'major', true],
    ['0.3.1', '0.3.2', 'minor', true],
    ['2.0.0-beta.1', '2.0.0-beta.2', 'major', true],
    ['2.0.0', '2.0.1-beta.1', 'major', false],
  ] as const)('from %s to %s for %s: %s', (before, after, bump, enough) => {
    expect(carriesBump(before, after, bump)).toBe(enough)
  })
})
